import { parseArchitecture } from '../../domain/architecture.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { ContainerImage, ContainerView, ImageAnswer } from '../../schemas.ts'
import { type Api, pathOf } from '../client/api.ts'
import type { ApiError } from '../client/api-error.ts'
import { clientCommand, print, textOf } from '../client/client-command.ts'
import { exit, say } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

export const verify = clientCommand({
  usage: 'verify ID [--arch ARCH] [--url URL] [--json]',
  description: `Has the server read the images of a container now, and tells what each of them really is. A record that names only a url is
read too. What the server finds out stays known: machines are refused what is proven not to be theirs. The status is 0 when all are proven, 1
when one is mislabelled or mixed, and 2 when one is unreadable, without binaries, or where the server does not read (LEPORELLO_VERIFY).`,
  options: { arch: { type: 'string', help: 'only the image for this architecture, as arm64, aarch64 or x86_64' } },
  examples: [
    { command: 'leporello verify container-hello:v1', does: 'say of each architecture whether its image is for it' },
    { command: 'leporello verify container-hello:v1 --arch aarch64 && deploy', does: 'go on only when its ARM image is one' }
  ],
  needs: ['the id of a container'],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [id], json }) => {
    const arch = textOf(values, 'arch')
    const wanted = arch === undefined ? undefined : parseArchitecture(arch)
    const container = await api.ask<ContainerView>({ path: pathOf`/api/v1/containers/${id!}` })
    const outcomes: Outcome[] = []
    for (const target of targetsOf(container, wanted)) {
      const outcome = await outcomeOf(api, { id: id!, target, wanted })
      outcomes.push(outcome)
      if (!json) for (const line of linesOf(id!, outcome)) say(harmless(line))
    }
    const status = statusOf(outcomes)
    if (json) print({ id, proven: status === exit.done, images: outcomes })
    return status
  }
})

/** What one image turned out to be. `architecture` is null where the record names none. */
interface Outcome {
  architecture: string | null
  url: string
  verdict: ContainerImage['verdict'] | 'unread'
  proven: string | null
  /** The verdict, or why there is none, in words. */
  summary: string
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

async function outcomeOf(api: Api, { id, target, wanted }: { id: string; target: Target; wanted: string | undefined }): Promise<Outcome> {
  const { architecture, url } = target
  try {
    const image = await read(api, { id, architecture })
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

/** However long it takes: gigabytes are read. */
async function read(api: Api, { id, architecture }: { id: string; architecture: string | null }) {
  const asked = { method: 'POST', timeoutMs: 0 }
  if (architecture === null) return api.ask<ContainerImage>({ ...asked, path: pathOf`/api/v1/containers/${id}/verify` })
  const { image } = await api.ask<ImageAnswer>({ ...asked, path: pathOf`/api/v1/containers/${id}/images/${architecture}/verify` })
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

function linesOf(id: string, { architecture, verdict, proven, summary, url }: Outcome): string[] {
  const named = architecture ?? (proven === null ? 'the one image' : `the one image, for ${proven}`)
  return [`${id}  ${named}: ${words[verdict]}: ${summary}`, `  ${url}`]
}

function statusOf(outcomes: readonly Outcome[]): number {
  const verdicts = outcomes.map(({ verdict }) => verdict)
  if (verdicts.some((verdict) => verdict === 'mislabelled' || verdict === 'mixed')) return exit.wrong
  return verdicts.every((verdict) => verdict === 'match') ? exit.done : exit.unreadable
}
