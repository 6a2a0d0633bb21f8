import { parseArchitecture } from '../domain/architecture.ts'
import { pythonObject, pythonString } from '../domain/json.ts'
import { maskSecrets } from '../domain/secrets.ts'
import type { ContainerView, ImageAnswer } from '../schemas.ts'
import { type Api, misuse, pathOf } from './api.ts'
import { clientCommand, print, textOf } from './client-command.ts'
import { exit, say } from './command.ts'
import { harmless } from './terminal.ts'

export const register = clientCommand({
  usage: 'register ID ARCH=URL... [--version V] [--digest D] [--replace] [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description: `Registers images that stand somewhere already, by their URL. Each architecture is added or replaced by itself; the others stay
as they are. ARCH=@OTHER takes the image that another container has for it, so that operator-arm and operator-amd become one.
With --replace, or a bare URL without ARCH, the whole record is written anew, as container-met.py does; then --version and --digest must
be there. To upload a tarball: leporello push.`,
  options: {
    version: { type: 'string', help: 'the version of the container; a new one without it has the tag of its id' },
    digest: { type: 'string', help: 'what the builder says its digest is, kept as it stands; a new container must have one' },
    replace: { type: 'boolean', help: 'write the whole record: what is not named here is gone' },
    reason: { type: 'string', help: 'why, for the history' },
    'dry-run': { type: 'boolean', help: 'check and answer, but write nothing' }
  },
  examples: [
    {
      command: 'leporello register container-hello:v1 --version v1 --digest sha256:0 arm64=s3://bucket/hello-v1-arm64.tar.gz',
      does: 'add its ARM image, or replace it; the others stay'
    },
    { command: 'leporello register operator:1 arm64=@operator-arm:1 amd64=@operator-amd:1', does: 'bundle the images of two containers' },
    {
      command: 'leporello register container-hello:v1 --version v1 --digest sha256:0 s3://bucket/hello-v1.tar.gz',
      does: 'write a record as Mozart knew them, with one url'
    }
  ],
  needs: ['the id of a container', 'an image, as arm64=URL'],
  maxPositionals: 20,
  run: async ({ api, values, positionals: [id, ...given], json }) => {
    const [version, digest, reason] = [textOf(values, 'version'), textOf(values, 'digest'), textOf(values, 'reason')]
    const asked: Asked = { id: id!, version, digest, reason, dryRun: values['dry-run'] === true, images: given.map(parseImage) }
    const whole = values['replace'] === true || asked.images.some(({ architecture }) => architecture === undefined)
    return whole ? replace(api, { ...asked, json }) : layOver(api, { ...asked, json })
  }
})

interface Image {
  /** Absent: the record's `url`. */
  architecture: string | undefined
  url?: string
  from?: string
}

interface Asked {
  id: string
  version: string | undefined
  digest: string | undefined
  reason: string | undefined
  dryRun: boolean
  images: Image[]
}

/** `arm64=s3://…`, `arm64=@operator-arm:1` or a bare URL, which may hold a `=` too. */
function parseImage(text: string): Image {
  const [, name, value] = /^([\w./-]+)=(.+)$/s.exec(text) ?? []
  if (name !== undefined && value !== undefined) {
    const architecture = parseArchitecture(name)
    return value.startsWith('@') ? { architecture, from: value.slice(1) } : { architecture, url: value }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { architecture: undefined, url: text }
  throw misuse(`${JSON.stringify(maskSecrets(text))} is no image; expected one as arm64=s3://bucket/hello-arm64.tar.gz`)
}

const headersFor = (reason: string | undefined) => (reason === undefined ? {} : { 'x-reason': Buffer.from(reason).toString('latin1') })

async function layOver(api: Api, { id, images, version, digest, reason, dryRun, json }: Asked & { json: boolean }): Promise<number> {
  let container: ContainerView | undefined
  const outcomes: { architecture: string; unchanged: boolean }[] = []
  for (const { architecture, ...image } of images) {
    const body = image.from === undefined ? { ...image, version, digest } : image
    const path = pathOf`/api/v1/containers/${id}/images/${architecture!}`
    const query = { dryRun: dryRun || undefined }
    const answer = await api.ask<ImageAnswer>({ method: 'PUT', path, query, body, headers: headersFor(reason) })
    container = answer.container
    outcomes.push({ architecture: architecture!, unchanged: answer.unchanged })
    if (!json) say(harmless(`${id}  ${architecture}: ${words(answer.unchanged, dryRun)}: ${maskSecrets(answer.image.url)}`))
  }
  if (json) print({ container, images: outcomes, dryRun })
  return exit.done
}

const words = (unchanged: boolean, dryRun: boolean) => (unchanged ? 'unchanged' : dryRun ? 'would be registered' : 'registered')

/** Through Mozart's own door, which replaces the record. */
async function replace(api: Api, { id, images, version, digest, reason, dryRun, json }: Asked & { json: boolean }): Promise<number> {
  if (version === undefined || digest === undefined) throw misuse('a whole record needs --version and --digest')
  if (dryRun) throw misuse('--dry-run is for single architectures; a whole record is written by container/add, which knows none')
  if (images.some(({ from }) => from !== undefined)) throw misuse('@OTHER is for single architectures; leave --replace and bare URLs out')
  const bare = images.filter(({ architecture }) => architecture === undefined)
  if (bare.length > 1) throw misuse(`${bare.length} URLs have no architecture; expected one at most`)
  const listed = images.flatMap(({ architecture, url }) =>
    architecture === undefined ? [] : [[architecture, pythonString(url!)] as const]
  )
  const fields = { name: id, version, digest, url: bare[0]?.url ?? '', ...(listed.length > 0 && { urls: pythonObject(listed) }) }
  await api.ask({
    method: 'POST',
    path: '/api/v0.1/container/add',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headersFor(reason) },
    body: new URLSearchParams(fields).toString()
  })
  const container = await api.ask<ContainerView>({ path: pathOf`/api/v1/containers/${id}` })
  if (json) print({ container })
  else say(harmless(`${id} is registered, with ${Object.keys(container.images).join(', ') || 'a url for any machine'}`))
  return exit.done
}
