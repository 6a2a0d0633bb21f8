import { type Architecture, knownArchitectures } from '../architecture.ts'
import {
  asArchitectureName,
  asFields,
  asTime,
  boundedText,
  type FieldProblem,
  noOthers,
  readText,
  readTime,
  refuseProblems,
  refuseRequest,
  shown
} from '../json/reading.ts'
import { asSource, type BuildSource, readBuildSource, sameSource, sourceToJson } from './sources.ts'

export const jobStatuses = ['pending', 'running', 'succeeded', 'failed'] as const
export type JobStatus = (typeof jobStatuses)[number]

/** Where a job runs. */
export interface Machine {
  name: string | null
  /** The machine's own, whatever it builds for. */
  architecture: Architecture | null
  /** The job says that it builds for another machine than it runs on. */
  emulated: boolean
}

/** What a build or test job says of one architecture. */
export interface JobWord {
  status: JobStatus
  reason: string | null
  /** Where to read more. */
  log: string | null
  source: BuildSource | null
  machine: Machine | null
  /** By the job's clock; null where it does not tell. */
  started: string | null
  finished: string | null
}

/** A job's word as it is kept. */
export interface JobReport extends JobWord {
  /** When it came, by our clock. */
  reported: string
  /** When the first word of its run came. */
  begun: string
  /** The URL of the image that the record had then. */
  image: string | null
}

const max = { reason: 2000, log: 2048, machine: 256 }
const names = ['status', 'reason', 'log', 'source', 'machine', 'started', 'finished']

/** Whether a build ran on another machine than it built for: by emulation, or by cross-compiling. Such an image deserves a look. */
export const isEmulated = (architecture: Architecture, { machine }: Pick<JobWord, 'machine'>): boolean =>
  machine !== null && (machine.emulated || (machine.architecture !== null && machine.architecture !== architecture))

export const isFinal = ({ status }: Pick<JobWord, 'status'>): boolean => status === 'succeeded' || status === 'failed'

/** Strictly: what a job sends. Throws parameter_invalid with every problem. */
export function parseJobWord(value: unknown, what = 'build'): JobWord {
  const problems: FieldProblem[] = []
  const given =
    asFields(value) ?? refuseRequest(what, { path: '', message: `is ${shown(value)}; expected an object such as {"status": "running"}` })
  noOthers(given, { names, path: '', problems })
  const status = given['status'] as JobStatus
  if (!jobStatuses.includes(status)) {
    problems.push({ path: 'status', message: `is ${shown(status)}; expected one of ${jobStatuses.join(', ')}` })
  }
  const text = (path: 'reason' | 'log') => readText(given[path], { path, max: max[path], problems })
  const time = (path: string) => readTime(given[path], { path, problems })
  const word: JobWord = {
    status,
    // a reason is for people, and may be a whole log: its beginning is better than a refusal of the news that a build failed
    reason: typeof given['reason'] === 'string' ? boundedText(given['reason'], max.reason) : text('reason'),
    log: text('log'),
    source: readBuildSource(given['source'], { path: 'source', problems }),
    machine: readMachine(given['machine'], problems),
    started: time('started'),
    finished: time('finished')
  }
  refuseProblems(what, problems)
  return word
}

/** A machine is an object, or a word: its name, or what `uname -m` says there. */
function readMachine(value: unknown, problems: FieldProblem[]): Machine | null {
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'string') {
    const architecture = asArchitectureName(value)
    return {
      name: readText(value, { path: 'machine', max: max.machine, problems }),
      architecture: architecture !== null && knownArchitectures.has(architecture) ? architecture : null,
      emulated: false
    }
  }
  const fields = asFields(value)
  if (fields === undefined) {
    problems.push({ path: 'machine', message: `is ${shown(value)}; expected a name or {"name": …, "architecture": …}` })
    return null
  }
  noOthers(fields, { names: ['name', 'architecture', 'emulated'], path: 'machine', problems })
  const given = fields['architecture'] ?? null
  const architecture = asArchitectureName(given)
  if (given !== null && architecture === null) {
    problems.push({ path: 'machine.architecture', message: `is ${shown(given)}; expected an architecture's name, such as "aarch64"` })
  }
  const emulated = fields['emulated'] ?? false
  if (typeof emulated !== 'boolean') problems.push({ path: 'machine.emulated', message: `is ${shown(emulated)}; expected true or false` })
  const name = readText(fields['name'], { path: 'machine.name', max: max.machine, problems })
  return { name, architecture, emulated: emulated === true }
}

export interface JobReportView extends Omit<JobReport, 'source'> {
  source: { [name: string]: string } | null
  /** It ran on another machine than it was for. */
  emulated: boolean
}

/** A report as JSON, stored or shown. */
export const jobReportView = (architecture: Architecture, { source, ...report }: JobReport): JobReportView => ({
  ...report,
  source: source && sourceToJson(source),
  emulated: isEmulated(architecture, report)
})

/** A report that was kept; undefined for what is none. */
export function asJobReport(value: unknown): JobReport | undefined {
  const fields = asFields(value)
  const status = jobStatuses.find((one) => one === fields?.['status'])
  const reported = asTime(fields?.['reported'])
  if (fields === undefined || status === undefined || reported === null) return undefined
  const machine = asFields(fields['machine'])
  return {
    status,
    reason: boundedText(fields['reason'], max.reason),
    log: boundedText(fields['log'], max.log),
    source: asSource(fields['source']),
    machine: machine
      ? {
          name: boundedText(machine['name'], max.machine),
          architecture: asArchitectureName(machine['architecture']),
          emulated: machine['emulated'] === true
        }
      : null,
    started: asTime(fields['started']),
    finished: asTime(fields['finished']),
    reported,
    begun: asTime(fields['begun']) ?? reported,
    image: boundedText(fields['image'], 8192)
  }
}

/**
 * Whether a word is about a run that the kept report has overtaken: a job that was called off reports its failure while its successor is
 * already running, and a retried request arrives late. Only where both tell when they started.
 */
export function isOvertaken(word: JobWord, kept: JobReport | undefined): boolean {
  if (!kept?.started || !word.started) return false
  if (word.started !== kept.started) return word.started < kept.started
  return isFinal(kept) && !isFinal(word)
}

/** Whether a word is of the run that the kept report is about: a later one of a run that had not ended. */
export const isSameRun = (word: JobWord, kept: JobReport | undefined): boolean =>
  kept !== undefined &&
  !isFinal(kept) &&
  word.status !== 'pending' &&
  (word.started === null || kept.started === null || word.started === kept.started)

/** A run's later words need not repeat what its earlier ones said. */
export const completed = (word: JobWord, kept: JobReport | undefined): JobWord =>
  isSameRun(word, kept)
    ? {
        ...word,
        log: word.log ?? kept!.log,
        source: word.source ?? kept!.source,
        machine: word.machine ?? kept!.machine,
        started: word.started ?? kept!.started
      }
    : word

/** Whether a word tells an end that is known, as a retried request does. A word of life is always new: it puts off the timeout. */
export function isRepeated(word: JobWord, kept: JobReport | undefined): boolean {
  if (kept === undefined || !isFinal(kept) || word.status !== kept.status) return false
  const { machine, source } = word
  if (source !== null && !(kept.source !== null && sameSource(source, kept.source))) return false
  if (machine !== null && !(['name', 'architecture', 'emulated'] as const).every((field) => machine[field] === kept.machine?.[field]))
    return false
  return (['reason', 'log', 'started', 'finished'] as const).every((field) => word[field] === null || word[field] === kept[field])
}
