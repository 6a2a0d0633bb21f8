import { parseArchitecture } from '../../domain/architecture.ts'
import { own } from '../../domain/own.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { ContainerAnswer, ContainerView, ImageAnswer } from '../../schemas.ts'
import { type Api, pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, output, print, textOf } from '../client/client-command.ts'
import { harmless, misuse, say, type Values } from '../terminal/terminal.ts'

const publishPolicies = ['each', 'all', 'verified', 'rules']

export const register = clientCommand({
  usage: 'register ID ARCH=URL... [--version V] [--digest D] [--replace [--publish WHEN]] [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description: `Registers images that are stored elsewhere, by URL. Adds or replaces each architecture separately; the others stay as they are.
ARCH=@OTHER takes the image of another container, so that operator-arm and operator-amd become one. With --replace, or with a URL without
ARCH, it replaces the whole record, as container-met.py does. To upload a tarball, use leporello push.`,
  options: {
    version: { type: 'string', help: 'the version of the container; default: as it is, or the tag of a new id' },
    digest: { type: 'string', help: "the builder's digest, stored as given; a new container must have one" },
    replace: { type: 'boolean', help: 'replace the whole record: images that are not given are removed' },
    publish: {
      type: 'string',
      choices: publishPolicies,
      help: 'with --replace: when its images are published: each, all together, all when verified, or as the rules say'
    },
    ...changeOptions
  },
  examples: [
    [
      'leporello register container-hello:v1 --version v1 --digest sha256:0 arm64=s3://bucket/hello-v1-arm64.tar.gz',
      'add or replace its ARM image; the others stay'
    ],
    ['leporello register operator:1 arm64=@operator-arm:1 amd64=@operator-amd:1', 'bundle the images of two containers'],
    [
      'leporello register container-hello:v1 --version v1 --digest sha256:0 s3://bucket/hello-v1.tar.gz',
      "write a record in Mozart's old form, with one url"
    ]
  ],
  needs: ['the id of a container', 'an image, as arm64=URL'],
  maxPositionals: 20,
  run: async ({ api, values, positionals: [id, ...given] }) => {
    const request = requestOf(id!, given, values)
    const whole = values['replace'] === true || request.images.some(({ architecture }) => architecture === undefined)
    if (request.publish !== undefined && !whole) throw misuse('--publish is for whole records; expected --replace')
    return whole ? replaceRecord(api, request) : addImages(api, request)
  }
})

/** Without an architecture it is the record's `url`. */
type GivenImage = { architecture: string | undefined; url?: string; from?: string }

type RegisterRequest = ReturnType<typeof requestOf>

const requestOf = (id: string, images: readonly string[], values: Values) => ({
  id,
  version: textOf(values, 'version'),
  digest: textOf(values, 'digest'),
  publish: publishOf(values),
  images: images.map(parseImage),
  ...changeOf(values),
  json: values['json'] === true
})

/** Returns the policy; null when the rules decide, undefined without --publish. */
function publishOf(values: Values): string | null | undefined {
  const given = textOf(values, 'publish')
  if (given === undefined || publishPolicies.includes(given)) return given === 'rules' ? null : given
  throw misuse(`--publish is ${JSON.stringify(given)}; expected one of ${publishPolicies.join(', ')}`)
}

/** Parses `arm64=s3://…`, `arm64=@operator-arm:1` or a bare URL, which may contain a `=` too. */
function parseImage(text: string): GivenImage {
  const [, name, value] = /^([\w./-]+)=(.+)$/s.exec(text) ?? []
  if (name !== undefined && value !== undefined) {
    const architecture = parseArchitecture(name)
    return value.startsWith('@') ? { architecture, from: value.slice(1) } : { architecture, url: value }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { architecture: undefined, url: text }
  throw misuse(`${JSON.stringify(maskSecrets(text))} is not an image; expected one as arm64=s3://bucket/hello-arm64.tar.gz`)
}

async function addImages(api: Api, { id, images, version, digest, ...change }: RegisterRequest): Promise<void> {
  const { query, headers, dryRun, json } = change
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
}

/** Whether a registered image waits to be published with the others. */
export const waits = ({ pending }: ContainerView, { architecture, url }: { architecture: string; url: string }): boolean =>
  own(pending, architecture)?.url === url

type RegistrationOutcome = { unchanged: boolean; waits: boolean; dryRun: boolean }

const words = ({ unchanged, waits, dryRun }: RegistrationOutcome): string => {
  if (waits) return dryRun ? 'would wait for the others' : 'waits for the others'
  return unchanged ? 'unchanged' : dryRun ? 'would be registered' : 'registered'
}

async function replaceRecord(api: Api, { id, images, ...request }: RegisterRequest): Promise<void> {
  const { version, digest, publish, query, headers, dryRun, json } = request
  if (images.some(({ from }) => from !== undefined)) {
    throw misuse('@OTHER is for single architectures; expected no --replace and no URL without ARCH')
  }
  const bare = images.filter(({ architecture }) => architecture === undefined)
  if (bare.length > 1) throw misuse(`${bare.length} URLs have no architecture; expected one at most`)
  const listed = images.flatMap(({ architecture, url }) => (architecture === undefined ? [] : [[architecture, url!]]))
  const body = { version, digest, publish, url: bare[0]?.url, ...(listed.length > 0 && { images: Object.fromEntries(listed) }) }
  const answer = await api.ask<ContainerAnswer>({ method: 'PUT', path: pathOf`/api/v1/containers/${id}`, query, body, headers })
  const architectures = Object.keys(answer.container.images).join(', ') || 'a url for any machine'
  const line = `${id}: ${words({ unchanged: answer.unchanged, waits: false, dryRun })}, with ${architectures}`
  output(json, { value: { ...answer, dryRun }, line })
}
