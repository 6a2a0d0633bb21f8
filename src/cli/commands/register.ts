import { parseArchitecture } from '../../domain/architecture.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { ContainerAnswer, ContainerView, ImageAnswer } from '../../schemas.ts'
import { type Api, pathOf } from '../client/api.ts'
import { misuse } from '../client/api-error.ts'
import { changeOf, changeOptions, clientCommand, print, textOf } from '../client/client-command.ts'
import { exit, say } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

export const register = clientCommand({
  usage: 'register ID ARCH=URL... [--version V] [--digest D] [--replace] [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description: `Registers images that stand somewhere already, by their URL. Each architecture is added or replaced by itself; the others stay
as they are. ARCH=@OTHER takes the image that another container has for it, so that operator-arm and operator-amd become one.
With --replace, or with a bare URL without ARCH, the whole record is written anew, as container-met.py does. To upload a tarball: leporello push.`,
  options: {
    version: { type: 'string', help: 'the version of the container; a new one without it has the tag of its id' },
    digest: { type: 'string', help: 'what the builder says its digest is, kept as it stands; a new container must have one' },
    replace: { type: 'boolean', help: 'write the whole record: what is not named here is gone' },
    ...changeOptions
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
    const [version, digest] = [textOf(values, 'version'), textOf(values, 'digest')]
    const asked: Asked = { id: id!, version, digest, ...changeOf(values), json, images: given.map(parseImage) }
    const whole = values['replace'] === true || asked.images.some(({ architecture }) => architecture === undefined)
    return whole ? replace(api, asked) : layOver(api, asked)
  }
})

interface Image {
  /** Absent: the record's `url`. */
  architecture: string | undefined
  url?: string
  from?: string
}

interface Asked extends ReturnType<typeof changeOf> {
  id: string
  version: string | undefined
  digest: string | undefined
  images: Image[]
  json: boolean
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

async function layOver(api: Api, { id, images, version, digest, query, headers, dryRun, json }: Asked): Promise<number> {
  let container: ContainerView | undefined
  const outcomes: { architecture: string; unchanged: boolean; waits: boolean }[] = []
  for (const { architecture, ...image } of images) {
    const body = image.from === undefined ? { ...image, version, digest } : image
    const path = pathOf`/api/v1/containers/${id}/images/${architecture!}`
    const answer = await api.ask<ImageAnswer>({ method: 'PUT', path, query, body, headers })
    container = answer.container
    const outcome = { architecture: architecture!, unchanged: answer.unchanged, waits: waits(container, answer.image) }
    outcomes.push(outcome)
    if (!json) say(harmless(`${id}  ${architecture}: ${words({ ...outcome, dryRun })}: ${maskSecrets(answer.image.url)}`))
  }
  if (json) print({ container, images: outcomes, dryRun })
  return exit.done
}

/** Whether an image that was brought is not published yet. */
export const waits = ({ pending }: ContainerView, { architecture, url }: { architecture: string; url: string }): boolean =>
  pending[architecture]?.url === url

const words = ({ unchanged, waits, dryRun }: { unchanged: boolean; waits: boolean; dryRun: boolean }) => {
  if (waits) return dryRun ? 'would wait for the others' : 'waits for the others'
  return unchanged ? 'unchanged' : dryRun ? 'would be registered' : 'registered'
}

async function replace(api: Api, { id, images, version, digest, query, headers, dryRun, json }: Asked): Promise<number> {
  if (images.some(({ from }) => from !== undefined)) throw misuse('@OTHER is for single architectures; leave --replace and bare URLs out')
  const bare = images.filter(({ architecture }) => architecture === undefined)
  if (bare.length > 1) throw misuse(`${bare.length} URLs have no architecture; expected one at most`)
  const listed = images.flatMap(({ architecture, url }) => (architecture === undefined ? [] : [[architecture, url!]]))
  const body = { version, digest, url: bare[0]?.url, ...(listed.length > 0 && { images: Object.fromEntries(listed) }) }
  const path = pathOf`/api/v1/containers/${id}`
  const answer = await api.ask<ContainerAnswer>({ method: 'PUT', path, query, body, headers })
  const { container, unchanged } = answer
  if (json) print({ ...answer, dryRun })
  else
    say(
      harmless(
        `${id}: ${words({ unchanged, waits: false, dryRun })}, with ${Object.keys(container.images).join(', ') || 'a url for any machine'}`
      )
    )
  return exit.done
}
