import { parseArchitecture } from '../../domain/architecture.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { ContainerImage, ContainerView, ImageAnswer } from '../../schemas.ts'
import { type Api, type ApiError, pathOf } from '../client/api.ts'
import { clientCommand, print, textOf } from '../client/client-command.ts'
import { exit, harmless, say } from '../terminal/terminal.ts'

export const verify = clientCommand({
  usage: 'verify ID [--arch ARCH] [--url URL] [--json]',
  description: `Makes the server read the images of a container now, also that of a record with only a url, and tells for which architecture each is.
The server remembers it, and refuses images to machines that they are proven not to be for. The status is 0 when all are proven, 1 when one
is mislabelled or mixed, and 2 when one is unreadable, has no binaries, or is stored where the server does not read (LEPORELLO_VERIFY).`,
  options: { arch: { type: 'string', help: 'only the image for this architecture, such as arm64, aarch64 or x86_64' } },
  examples: [
    ['leporello verify container-hello:v1', 'check for each architecture whether its image is for it'],
    ['leporello verify container-hello:v1 --arch aarch64 && deploy', 'continue only when its ARM image is one']
  ],
  needs: ['the id of a container'],
  run: async ({ api, values, positionals: [id], json }) => {
    const arch = textOf(values, 'arch')
    const wanted = arch === undefined ? undefined : parseArchitecture(arch)
    const container = await api.ask<ContainerView>({ path: pathOf`/api/v1/containers/${id!}` })
    const outcomes: VerifyOutcome[] = []
    for (const image of imagesOf(container, wanted)) {
      const outcome = await outcomeOf(api, { id: id!, ...image }, wanted)
      outcomes.push(outcome)
      if (!json) for (const line of linesOf(id!, outcome)) say(harmless(line))
    }
    const status = statusFor(outcomes)
    if (json) print({ id, proven: status === exit.done, images: outcomes })
    return status
  }
})

/** What one image was found to be. `architecture` is null where the record has none. */
interface VerifyOutcome {
  architecture: string | null
  url: string
  verdict: ContainerImage['verdict'] | 'unread'
  proven: string | null
  /** Explains the verdict, or why there is none. */
  summary: string
}

type NamedImage = Pick<VerifyOutcome, 'architecture' | 'url'>

function imagesOf({ id, url, images }: ContainerView, wanted: string | undefined): NamedImage[] {
  const named = Object.values(images)
  if (named.length === 0 && url !== null) return [{ architecture: null, url }]
  const chosen = named.filter(({ architecture }) => wanted === undefined || architecture === wanted)
  if (chosen.length > 0) return chosen
  const available = Object.keys(images).join(', ') || 'none'
  throw Object.assign(new Error(`${id} has no image${wanted ? ` for ${wanted}` : ''}; it has: ${available}`), { status: 404 })
}

async function outcomeOf(api: Api, image: NamedImage & { id: string }, wanted: string | undefined): Promise<VerifyOutcome> {
  const { id, architecture, url } = image
  try {
    const { verdict, proven, summary } = await read(api, { id, architecture })
    const outcome = { architecture, url: maskSecrets(url), verdict, proven, summary: summary ?? '' }
    // --arch makes the claim that the record does not make
    const other = architecture === null && wanted !== undefined && verdict === 'match' && proven !== wanted
    return other ? { ...outcome, verdict: 'mislabelled', summary: `asked for as ${wanted}, but ${outcome.summary}` } : outcome
  } catch (error) {
    const { status, message, problem } = error as ApiError
    if (status === undefined || problem?.code === 'store_unavailable' || problem?.code === 'forbidden') throw error
    return { architecture, url: maskSecrets(url), verdict: 'unread', proven: null, summary: message }
  }
}

/** Waits however long it takes: the server reads gigabytes. */
async function read(api: Api, { id, architecture }: { id: string; architecture: string | null }) {
  const request = { method: 'POST', timeoutMs: 0 }
  if (architecture === null) return api.ask<ContainerImage>({ ...request, path: pathOf`/api/v1/containers/${id}/verify` })
  const { image } = await api.ask<ImageAnswer>({ ...request, path: pathOf`/api/v1/containers/${id}/images/${architecture}/verify` })
  return image
}

const words: Record<VerifyOutcome['verdict'], string> = {
  match: 'proven',
  mislabelled: 'MISLABELLED',
  mixed: 'MIXED',
  'no-binaries': 'without binaries',
  unreadable: 'unreadable',
  unverified: 'unverified',
  unread: 'not read'
}

function linesOf(id: string, { architecture, verdict, proven, summary, url }: VerifyOutcome): string[] {
  const named = architecture ?? (proven === null ? 'the one image' : `the one image, for ${proven}`)
  return [`${id}  ${named}: ${words[verdict]}: ${summary}`, `  ${url}`]
}

function statusFor(outcomes: readonly VerifyOutcome[]): number {
  const verdicts = outcomes.map(({ verdict }) => verdict)
  if (verdicts.some((verdict) => verdict === 'mislabelled' || verdict === 'mixed')) return exit.wrong
  return verdicts.every((verdict) => verdict === 'match') ? exit.done : exit.unreadable
}
