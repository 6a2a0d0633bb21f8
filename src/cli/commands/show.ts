import { inTableOrder, parseArchitecture } from '../../domain/architecture.ts'
import { own } from '../../domain/own.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { ContainerView, ImageView, JobList } from '../../schemas.ts'
import { type Api, pathOf } from '../client/api.ts'
import { clientCommand, print } from '../client/client-command.ts'
import { type Cell, type Colour, columns, exit, harmless, heading, type Paint, paintFor, say, size } from '../terminal/terminal.ts'

export const show = clientCommand({
  usage: 'show ID [--url URL] [--json]',
  description: `Shows a table of a container's architectures: which are expected, which images there are, what is proven of them, the status of builds
and tests; then why it is not complete. Where no architectures are expected, its state is "registered" instead of "complete". The exit
status is 1 when it is degraded.`,
  options: {},
  examples: [['leporello show container-hello:v1', 'see which machines can run it']],
  needs: ['the id of a container'],
  run: async ({ api, positionals: [id], json }) => {
    const container = await api.ask<ContainerView>({ path: pathOf`/api/v1/containers/${id!}` })
    const [builds, tests] = await Promise.all([jobsOf(api, { id: id!, kind: 'builds' }), jobsOf(api, { id: id!, kind: 'tests' })])
    if (json) print({ ...container, builds, tests })
    else for (const line of tableOf({ container, builds, tests }, paintFor(process.stdout))) say(line)
    return container.state === 'degraded' ? exit.wrong : exit.done
  }
})

type Jobs = JobList['items']

const jobsOf = async (api: Api, { id, kind }: { id: string; kind: 'builds' | 'tests' }): Promise<Jobs> =>
  (await api.ask<JobList>({ path: `${pathOf`/api/v1/containers/${id}`}/${kind}` })).items

export const stateColours: Record<ContainerView['state'], Colour> = { complete: 'green', partial: 'yellow', degraded: 'red' }

/** The state of a container. "complete" would promise too much where nobody said what is expected. */
export const stateCell = ({ state, expected }: ContainerView): Cell =>
  state === 'complete' && expected.length === 0 ? { text: 'registered' } : { text: state, colour: stateColours[state] }

type ContainerReport = { container: ContainerView; builds: Jobs; tests: Jobs }

/** One row for each architecture that has an image, is expected, is pending, or was reported. */
function tableOf(report: ContainerReport, paint: Paint): string[] {
  const { id, version, digest, url, revision, images, reasons } = report.container
  const rows = architecturesOf(report).map((architecture) => row(architecture, report))
  const { text, colour } = stateCell(report.container)
  const origins = new Set(Object.values(images).flatMap(({ origin }) => origin ?? []))
  const facts = [
    ['version', version],
    ['digest', digest],
    ['revision', revision],
    ...[...origins].map((origin) => ['pulled from', origin]),
    ...(Object.keys(images).length === 0 ? [['url', url === null ? null : maskSecrets(url)]] : [])
  ]
  return [
    `${paint(harmless(id), 'bold')}  ${colour ? paint(text, colour) : text}`,
    ...columns(
      facts.map(([name, value]) => [{ text: `  ${name}`, colour: 'dim' as const }, { text: value ?? '-' }]),
      paint
    ),
    '',
    ...(rows.length === 0 ? ['It has no architectures: every machine gets its url.'] : columns([titles, ...rows], paint)),
    ...(reasons.length === 0
      ? []
      : ['', ...reasons.map(({ message, since }) => harmless(`- ${message}${since ? `, since ${since}` : ''}`))])
  ]
}

const titles = heading('ARCHITECTURE', 'EXPECTED', 'IMAGE', 'VERDICT', 'BUILD', 'TEST', 'SIZE', 'DIGEST', 'URL')

function architecturesOf({ container: { images, expected, pending }, builds, tests }: ContainerReport) {
  const reported = [...builds, ...tests].map(({ architecture }) => architecture)
  const all = [...Object.keys(images), ...expected, ...Object.keys(pending), ...reported]
  return inTableOrder(new Set(all.map(parseArchitecture)))
}

function row(architecture: string, { container, builds, tests }: ContainerReport): Cell[] {
  const image = own(container.images, architecture)
  const pending = own(container.pending, architecture)
  // a pending image is described itself, not the one that it will replace
  const current = pending ?? image
  return [
    { text: architecture, colour: 'bold' },
    { text: container.expected.length === 0 ? '-' : container.expected.includes(architecture) ? 'yes' : 'no' },
    imageCell(image, { pending: pending !== undefined, missing: container.missing.includes(architecture) }),
    verdictCell(current),
    jobCell(builds, architecture),
    jobCell(tests, architecture),
    { text: size(pending ? null : image?.size) },
    { text: current?.digest?.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…') ?? '-' },
    { text: maskSecrets(current?.url ?? '-') }
  ]
}

function imageCell(image: ImageView | undefined, { pending, missing }: { pending: boolean; missing: boolean }): Cell {
  if (pending) return { text: 'pending', colour: 'yellow' }
  if (image === undefined) return { text: missing ? 'missing' : 'none', colour: missing ? 'yellow' : undefined }
  return { text: image.status === 'unknown' ? 'listed' : image.status, colour: image.status === 'gone' ? 'red' : undefined }
}

/** The worst first. */
const verdicts: readonly ImageView['verdict'][] = ['mislabelled', 'mixed', 'unreadable', 'no-binaries', 'unverified', 'match']

const verdictColour = (verdict: ImageView['verdict']): Colour =>
  verdict === 'match' ? 'green' : verdicts.indexOf(verdict) <= verdicts.indexOf('unreadable') ? 'red' : 'yellow'

function verdictCell(image: (Pick<ImageView, 'verdict'> & Partial<Pick<ImageView, 'proven'>>) | undefined): Cell {
  if (image === undefined) return { text: '-' }
  const { verdict, proven } = image
  return { text: verdict === 'mislabelled' && proven ? `${verdict}: ${proven}` : verdict, colour: verdictColour(verdict) }
}

/** The worst verdict of a container's images, with their architectures when it is not that of all. */
export function worstVerdict({ images }: ContainerView): Cell {
  const all = Object.entries(images)
  const worst = verdicts.find((verdict) => all.some(([, image]) => image.verdict === verdict))
  if (worst === undefined) return { text: '-' }
  const those = all.flatMap(([architecture, image]) => (image.verdict === worst ? [architecture] : []))
  return { text: those.length === all.length ? worst : `${worst} (${those.join(',')})`, colour: verdictColour(worst) }
}

const jobColours: { [status: string]: Colour } = { succeeded: 'green', failed: 'red', stale: 'red' }

function jobCell(jobs: Jobs, architecture: string): Cell {
  const found = jobs.find((one) => one.architecture === architecture)
  if (found === undefined) return { text: '-' }
  const status = found.stale ? 'stale' : found.status
  return { text: found.emulated ? `${status} (emulated)` : status, colour: jobColours[status] }
}
