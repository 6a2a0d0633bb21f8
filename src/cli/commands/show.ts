import { inTableOrder, parseArchitecture } from '../../domain/architecture.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { ContainerView, ImageView, JobList } from '../../schemas.ts'
import { type Api, pathOf } from '../client/api.ts'
import { clientCommand, print } from '../client/client-command.ts'
import { exit, say } from '../terminal/command.ts'
import { type Cell, type Colour, columns, harmless, heading, type Paint, paintFor, size } from '../terminal/terminal.ts'

export const show = clientCommand({
  usage: 'show ID [--url URL] [--json]',
  description: `Shows a container as a matrix of its architectures: which are expected, what is there, what is proven, how builds and tests
stand, and why it is not complete. The exit status is 1 when it is degraded.`,
  options: {},
  examples: [{ command: 'leporello show container-hello:v1', does: 'see which machines can run it' }],
  needs: ['the id of a container'],
  maxPositionals: 1,
  run: async ({ api, positionals: [id], json }) => {
    const container = await api.ask<ContainerView>({ path: pathOf`/api/v1/containers/${id!}` })
    const [builds, tests] = await Promise.all([jobsOf(api, { id: id!, kind: 'builds' }), jobsOf(api, { id: id!, kind: 'tests' })])
    if (json) print({ ...container, builds, tests })
    else for (const line of matrix({ container, builds, tests }, paintFor(process.stdout))) say(line)
    return container.state === 'degraded' ? exit.wrong : exit.done
  }
})

type Jobs = JobList['items']

const jobsOf = async (api: Api, { id, kind }: { id: string; kind: 'builds' | 'tests' }): Promise<Jobs> =>
  (await api.ask<JobList>({ path: `${pathOf`/api/v1/containers/${id}`}/${kind}` })).items

export const stateColours: Record<ContainerView['state'], Colour> = { complete: 'green', partial: 'yellow', degraded: 'red' }

export interface Shown {
  container: ContainerView
  builds: Jobs
  tests: Jobs
}

/** For people: one row an architecture that is there, expected, on its way or reported. */
export function matrix(shown: Shown, paint: Paint): string[] {
  const { id, version, digest, url, revision, state, images, reasons } = shown.container
  const rows = architecturesOf(shown).map((architecture) => row(architecture, shown))
  const facts = [
    ['version', version],
    ['digest', digest],
    ['revision', revision],
    ...(Object.keys(images).length === 0 ? [['url', url === null ? null : maskSecrets(url)]] : [])
  ]
  return [
    `${paint(harmless(id), 'bold')}  ${paint(state, stateColours[state])}`,
    ...columns(
      facts.map(([name, value]) => [{ text: `  ${name}`, colour: 'dim' as const }, { text: value ?? '-' }]),
      paint
    ),
    '',
    ...(rows.length === 0 ? ['It names no architectures: every machine is given its url.'] : columns([titles, ...rows], paint)),
    ...(reasons.length === 0
      ? []
      : ['', ...reasons.map(({ message, since }) => harmless(`- ${message}${since ? `, since ${since}` : ''}`))])
  ]
}

const titles = heading('ARCHITECTURE', 'EXPECTED', 'IMAGE', 'VERDICT', 'BUILD', 'TEST', 'SIZE', 'DIGEST', 'URL')

function architecturesOf({ container: { images, expected, pending }, builds, tests }: Shown) {
  const reported = [...builds, ...tests].map(({ architecture }) => architecture)
  const all = [...Object.keys(images), ...expected, ...Object.keys(pending), ...reported]
  return inTableOrder(new Set(all.map(parseArchitecture)))
}

function row(architecture: string, { container, builds, tests }: Shown): Cell[] {
  const image = container.images[architecture]
  const waiting = container.pending[architecture]
  // of one that waits what is known of that one, not of the one whose place it will take
  const seen = waiting ?? image
  return [
    { text: architecture, colour: 'bold' },
    { text: container.expected.length === 0 ? '-' : container.expected.includes(architecture) ? 'yes' : 'no' },
    standing(image, { waits: waiting !== undefined, missing: container.missing.includes(architecture) }),
    verdictOf(seen),
    job(builds, architecture),
    job(tests, architecture),
    { text: size(waiting ? null : image?.size) },
    { text: seen?.digest?.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…') ?? '-' },
    { text: maskSecrets(seen?.url ?? '-') }
  ]
}

function standing(image: ImageView | undefined, { waits, missing }: { waits: boolean; missing: boolean }): Cell {
  if (waits) return { text: 'pending', colour: 'yellow' }
  if (image === undefined) return { text: missing ? 'missing' : 'none', colour: missing ? 'yellow' : undefined }
  return { text: image.status === 'unknown' ? 'listed' : image.status, colour: image.status === 'gone' ? 'red' : undefined }
}

const wrongVerdicts: readonly ImageView['verdict'][] = ['mislabelled', 'mixed', 'unreadable']

function verdictOf(image: (Pick<ImageView, 'verdict'> & Partial<Pick<ImageView, 'proven'>>) | undefined): Cell {
  if (image === undefined) return { text: '-' }
  const { verdict, proven } = image
  const colour = verdict === 'match' ? 'green' : wrongVerdicts.includes(verdict) ? 'red' : 'yellow'
  return { text: verdict === 'mislabelled' && proven ? `${verdict}: ${proven}` : verdict, colour }
}

const jobColours: { [status: string]: Colour } = { succeeded: 'green', failed: 'red', stale: 'red' }

function job(jobs: Jobs, architecture: string): Cell {
  const found = jobs.find((one) => one.architecture === architecture)
  if (found === undefined) return { text: '-' }
  const status = found.stale ? 'stale' : found.status
  return { text: found.emulated ? `${status} (emulated)` : status, colour: jobColours[status] }
}
