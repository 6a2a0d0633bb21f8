import { findContainer } from '../client/api.ts'
import { clientCommand, numberOf, print, textOf } from '../client/client-command.ts'
import { complain, exit, harmless, missing, misuse, refuse, say } from '../terminal/terminal.ts'
import { type FileFault, type PushFile, type ReadPushFile, readPushFile } from './push-file.ts'
import { type Pushed, pushFile } from './push-upload.ts'

export const push = clientCommand({
  usage: 'push FILE... --id ID [--version V] [--arch ARCH] [--force] [--patience SECONDS] [--url URL] [--json]',
  description: `Uploads tarballs, one for each architecture, and registers them with the other images of the container. It reads from a tarball's bytes
for which architecture it is, and does not send one that is mislabelled. When an upload breaks off (a server restarts, Ctrl-C, a machine
goes down), the same command continues it: the server knows the tarball by its digest. What the server already has is not sent.

Exit status 2: a file cannot be read, or does not tell which architecture it is for; 130: ended by Ctrl-C.`,
  options: {
    id: { type: 'string', help: 'the container' },
    version: { type: 'string', help: 'its version; default: as it is, or the tag of a new id' },
    arch: { type: 'string', help: 'the architecture of the file, when there is one file; default: what its bytes are for' },
    force: { type: 'boolean', help: 'also send a tarball that is mislabelled or unreadable; the server marks it' },
    patience: { type: 'string', help: 'how many seconds to keep trying while the server is away; default: 300' }
  },
  examples: [
    ['leporello push hello-1.tar.gz hello-1-arm64.tar.gz --id hello:1', 'upload the images of both architectures'],
    ['leporello push scripts.tar --id scripts:1 --arch arm64', 'name the architecture where the bytes do not tell']
  ],
  needs: ['a file'],
  maxPositionals: 64,
  async run({ api, values, positionals: paths, json }) {
    const id = textOf(values, 'id') || missing('expected --id, the container that the images belong to')
    const arch = textOf(values, 'arch')
    if (arch !== undefined && paths.length > 1) throw misuse(`--arch is for one file, and these are ${paths.length}`)
    const patienceMs = (numberOf(values, { name: 'patience' }) ?? 300) * 1000
    const version = textOf(values, 'version')
    // so that no gigabytes are read for a server that is not there
    await findContainer(api, id)
    try {
      const files = await readAll(paths, { id, arch, force: values['force'] === true })
      const onBegun = explainInterruption()
      const images: Pushed[] = []
      for (const file of files) {
        const pushed = await pushFile(api, { id, version, file, patienceMs, onBegun })
        images.push(pushed)
        if (!json) say(harmless(lineOf(id, pushed)))
      }
      if (json) print({ id, images })
      return exit.done
    } catch (error) {
      const { exit: status, message } = error as FileFault
      if (status === undefined) throw error
      if (json) refuse(status === exit.wrong ? 'refused' : 'unreadable', message)
      complain(harmless(`leporello: ${message}`))
      return status
    }
  }
})

/** Reads all files before any is sent. */
async function readAll(paths: readonly string[], options: ReadPushFile): Promise<PushFile[]> {
  const files: PushFile[] = []
  for (const path of paths) {
    const file = await readPushFile(path, options)
    const twin = files.find(({ architecture }) => architecture === file.architecture)
    if (twin) {
      const message = `${twin.path} and ${path} are both for ${file.architecture}; expected one file for each architecture; nothing was sent`
      throw Object.assign(new Error(message), { exit: exit.wrong })
    }
    files.push(file)
  }
  return files
}

const lineOf = (id: string, { architecture, url, unchanged, waits, verdict, summary }: Pushed): string =>
  `${id}  ${architecture}: ${waits ? 'waits for the others' : unchanged ? 'unchanged' : 'registered'}: ${url}${verdict === 'match' ? '' : ` (${verdict}: ${summary})`}`

/** Reports on Ctrl-C what has become of the upload. Returns a function to call once the server keeps what has arrived. */
function explainInterruption(): () => void {
  let advice = 'nothing was sent'
  for (const [signal, status] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
    process.once(signal, () => {
      complain(`\nleporello: stopped: ${advice}`)
      process.exit(status)
    })
  }
  return () => {
    advice = 'the server keeps what has arrived for a while; the same command continues from there'
  }
}
