import { createReadStream } from 'node:fs'
import type { Config } from '../../config/config.ts'
import { whyUnreadable } from '../../config/files.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { ImageReport } from '../../images/image-report.ts'
import { inspectImage } from '../../images/inspect-image.ts'
import { openForCommand } from '../../sources/command.ts'
import { textOf, withConfig } from '../client/client-command.ts'
import { inspectionText } from '../terminal/inspection-text.ts'
import { type Command, complain, exit, say, type Values } from '../terminal/terminal.ts'

export const inspect: Command = {
  usage: 'inspect FILE|URL [--arch ARCH] [--path PATH] [--digest DIGEST] [--json]',
  description: `Reads a tarball (docker save or OCI layout; plain, gzip or zstd; "-" is standard input) and tells for which architecture its programs
are, whatever its configuration says. It writes nothing and runs nothing.

A URL is http(s)://, dav(s)://, file:/// or s3://bucket/key, as osaka reads them: user:password@ is sent, and S3 keys come from the environment
(AWS_ACCESS_KEY_ID and so on); LEPORELLO_S3_ENDPOINT names an S3 server other than Amazon's. Certificates are checked; NODE_EXTRA_CA_CERTS
names further authorities.

Exit status: 0 proven, 1 wrong (mislabelled, mixed, or nothing has the digest), 2 unreadable or without binaries, 69 server not reachable.`,
  options: {
    arch: { type: 'string', help: 'the claimed architecture, such as arm64, aarch64 or x86_64; default: what its configuration says' },
    path: { type: 'string', help: 'also tell what this file of the image is; follows links' },
    digest: { type: 'string', help: "also tell whose digest this is: the file's, a manifest's, a configuration's or a layer's" },
    json: { type: 'boolean', help: 'print the report as JSON (schemas/answers/image-report.json)' }
  },
  examples: [
    ['leporello inspect hello-1-arm64.tar.gz --arch aarch64', 'prove that a tarball is for arm64'],
    ['leporello inspect dav://user:secret@files.example.org/images/hello-1.tar.gz', 'the same for one on a server'],
    ['docker save hello:1 | leporello inspect - --path /usr/lib/libssl.so', 'tell what one library is']
  ],
  maxPositionals: 1,
  run: async ({ values, positionals: [tarball] }) => {
    if (tarball === undefined) return misused('expected a file or a URL')
    if (!isUrl(tarball)) return run(chunksOf(tarball), tarball, values)
    return withConfig(values, (config) => run(bytesAt(tarball, config), maskSecrets(tarball), values))
  }
}

/** `C:\…` and `hello:1.tar` are files; an unknown scheme is refused with the known ones. */
const isUrl = (text: string): boolean => /^(?:[a-z][a-z0-9+.-]*:\/\/|file:)/i.test(text)

const statuses: Record<ImageReport['verdict'], number> = {
  match: exit.done,
  mislabelled: exit.wrong,
  mixed: exit.wrong,
  'no-binaries': exit.unreadable,
  unreadable: exit.unreadable
}

async function run(bytes: AsyncIterable<Uint8Array>, name: string, values: Values): Promise<number> {
  try {
    const [claimed, path, digest] = ['arch', 'path', 'digest'].map((option) => textOf(values, option))
    const { report } = await inspectImage(bytes, { claimed, path, digest })
    say(values['json'] === true ? JSON.stringify(report, null, 2) : inspectionText(report, name))
    const status = statuses[report.verdict]
    return status === exit.done && report.digest?.matches.length === 0 ? exit.wrong : status
  } catch (error) {
    if (isCatalogueError(error, 'architecture_invalid')) return misused(error.message)
    const fromSource = isCatalogueError(error, 'source_forbidden', 'source_unsupported', 'source_gone', 'source_unavailable', 'too_large')
    if (!fromSource && (error as NodeJS.ErrnoException).syscall === undefined) throw error
    complain(`leporello: ${fromSource ? maskSecrets((error as Error).message) : `${name} ${whyUnreadable(error)}; expected a tarball`}`)
    return isCatalogueError(error, 'source_unavailable') ? exit.unreachable : exit.unreadable
  }
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  yield* file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 })
}

async function* bytesAt(url: string, { objects }: Config): AsyncGenerator<Uint8Array> {
  const { stream } = await openForCommand(url, { s3Endpoint: objects.kind === 's3' ? objects.endpoint : undefined })
  yield* stream
}

function misused(problem: string): number {
  complain(`leporello: ${problem}\nTry: leporello inspect --help`)
  return exit.usage
}
