import type { Config } from '../config/config.ts'
import { parseArchitecture } from '../domain/architecture.ts'
import { isCatalogueError } from '../domain/errors.ts'
import { maskSecrets } from '../domain/secrets.ts'
import type { ContainerImage, ContainerView, ImageAnswer } from '../schemas.ts'
import { type Api, type ApiError, apiFor, failed, urlOption } from './api-client.ts'
import { type Command, complain, exit, say, type Values } from './command.ts'
import { withConfig } from './start.ts'

export const verify: Command = {
  usage: 'verify ID [--arch ARCH] [--url URL] [--json]',
  description: `Has the server read the images of a container now, and tells what each of them really is. A record that names only a url is
read too. What the server finds out stays known: machines are refused what is proven not to be theirs.

Exit status: 0 all proven, 1 wrong (mislabelled, mixed; no such container or image), 2 unreadable, without binaries, or where the server
does not read (LEPORELLO_VERIFY), 64 usage, 69 the server cannot be reached.`,
  options: {
    arch: { type: 'string', help: 'only the image for this architecture, as arm64, aarch64 or x86_64' },
    url: urlOption,
    json: { type: 'boolean', help: 'the outcome as JSON' }
  },
  examples: [
    { command: 'leporello verify container-hello:v1', does: 'say of each architecture whether its image is for it' },
    { command: 'leporello verify container-hello:v1 --arch aarch64 && deploy', does: 'go on only when its ARM image is one' }
  ],
  maxPositionals: 1,
  run: ({ values, positionals: [id] }) => {
    if (!id) return Promise.resolve(misused('expected the id of a container'))
    return withConfig((config) => run(id, { config, values }))
  }
}

/** What one image turned out to be. `architecture` is null where the record names none. */
interface Outcome {
  architecture: string | null
  url: string
  verdict: ContainerImage['verdict'] | 'unread'
  proven: string | null
  /** The verdict, or why there is none, in words. */
  summary: string
}

async function run(id: string, { config, values }: { config: Config; values: Values }): Promise<number> {
  const api = apiFor(config, values)
  if (!api) return exit.usage
  try {
    const wanted = typeof values['arch'] === 'string' ? parseArchitecture(values['arch']) : undefined
    const path = `/api/v1/containers/${encodeURIComponent(id)}`
    const container = await api.ask<ContainerView>({ method: 'GET', path })
    const targets = targetsOf(container, wanted)
    const outcomes: Outcome[] = []
    for (const target of targets) {
      const outcome = await outcomeOf(api, { path, target, wanted })
      outcomes.push(outcome)
      if (values['json'] !== true) say(lineOf(id, outcome))
    }
    const status = statusOf(outcomes)
    if (values['json'] === true) say(JSON.stringify({ id, proven: status === exit.done, images: outcomes }, null, 2))
    return status
  } catch (error) {
    if (isCatalogueError(error, 'architecture_invalid')) return misused(error.message)
    return failed(error)
  }
}

interface Target {
  architecture: string | null
  url: string
}

function targetsOf({ id, url, images }: ContainerView, wanted: string | undefined): Target[] {
  const named = Object.values(images)
  if (named.length === 0 && url !== null) return [{ architecture: null, url }]
  const targets = named.filter(({ architecture }) => wanted === undefined || architecture === wanted)
  if (targets.length > 0) return targets
  const available = Object.keys(images).join(', ') || 'none'
  throw Object.assign(new Error(`${id} has no image${wanted ? ` for ${wanted}` : ''}; it has: ${available}`), { status: 404 })
}

async function outcomeOf(
  api: Api,
  { path, target, wanted }: { path: string; target: Target; wanted: string | undefined }
): Promise<Outcome> {
  const { architecture, url } = target
  try {
    const image = await read(api, { path, architecture })
    const outcome = { architecture, url: maskSecrets(url), verdict: image.verdict, proven: image.proven, summary: image.summary ?? '' }
    // whoever asks for one architecture has made the claim that the record does not make
    const other = architecture === null && wanted !== undefined && image.verdict === 'match' && image.proven !== wanted
    return other ? { ...outcome, verdict: 'mislabelled', summary: `asked for as ${wanted}, but ${outcome.summary}` } : outcome
  } catch (error) {
    const { status, message, problem } = error as ApiError
    if (status === undefined || problem?.code === 'store_unavailable' || problem?.code === 'forbidden') throw error
    return { architecture, url: maskSecrets(url), verdict: 'unread', proven: null, summary: message }
  }
}

async function read(api: Api, { path, architecture }: { path: string; architecture: string | null }) {
  if (architecture === null) return api.ask<ContainerImage>({ method: 'POST', path: `${path}/verify` })
  const { image } = await api.ask<ImageAnswer>({ method: 'POST', path: `${path}/images/${encodeURIComponent(architecture)}/verify` })
  return image
}

const words: Record<Outcome['verdict'], string> = {
  match: 'proven',
  mislabelled: 'MISLABELLED',
  mixed: 'MIXED',
  'no-binaries': 'without binaries',
  unreadable: 'unreadable',
  unverified: 'unverified',
  unread: 'not read'
}

function lineOf(id: string, { architecture, verdict, proven, summary, url }: Outcome): string {
  const named = architecture ?? (proven === null ? 'the one image' : `the one image, for ${proven}`)
  return `${id}  ${named}: ${words[verdict]}: ${summary}\n  ${url}`
}

function statusOf(outcomes: readonly Outcome[]): number {
  const verdicts = outcomes.map(({ verdict }) => verdict)
  if (verdicts.some((verdict) => verdict === 'mislabelled' || verdict === 'mixed')) return exit.wrong
  return verdicts.every((verdict) => verdict === 'match') ? exit.done : exit.unreadable
}

function misused(problem: string): number {
  complain(`leporello: ${problem}\nTry: leporello verify --help`)
  return exit.usage
}
