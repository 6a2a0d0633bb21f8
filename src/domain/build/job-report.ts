import type { Machine } from '../../schemas.ts'
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
import { readContainerfile } from './containerfile.ts'
import { asSource, type BuildSource, readBuildSource, sameSource, sourceToJson } from './sources.ts'

export const jobStatuses = ['pending', 'running', 'succeeded', 'failed'] as const
export type JobStatus = (typeof jobStatuses)[number]

/** What a build or test job reports of one architecture. */
export interface JobWord {
  status: JobStatus
  reason: string | null
  /** Where to read more. */
  log: string | null
  source: BuildSource | null
  machine: Machine | null
  /** By the job's clock; null where the job does not say. */
  started: string | null
  finished: string | null
}

/** What a job sends: with its Containerfile perhaps, of which the stored report has the digest. */
export interface SentWord extends JobWord {
  containerfile?: string
}

/** A job's report as it is stored. */
export interface JobReport extends JobWord {
  /** When it arrived, by our clock. */
  reported: string
  /** When the first report of its run arrived. */
  begun: string
  /** The URL of the image that the record had then. */
  image: string | null
}

const max = { reason: 2000, log: 2048, machine: 256 }
const names = ['status', 'reason', 'log', 'source', 'machine', 'started', 'finished']

/** Returns whether a build ran on another kind of machine than it built for: by emulation, or by cross-compiling. */
export const isEmulated = (architecture: Architecture, { machine }: Pick<JobWord, 'machine'>): boolean =>
  machine !== null && (machine.emulated || (machine.architecture !== null && machine.architecture !== architecture))

export const isFinal = ({ status }: Pick<JobWord, 'status'>): boolean => status === 'succeeded' || status === 'failed'

/** Parses what a job sends, strictly. Throws parameter_invalid with every problem. */
export function parseJobWord(value: unknown, what = 'build'): SentWord {
  const problems: FieldProblem[] = []
  const given =
    asFields(value) ?? refuseRequest(what, { path: '', message: `is ${shown(value)}; expected an object such as {"status": "running"}` })
  noOthers(given, { names: what === 'build' ? [...names, 'containerfile'] : names, path: '', problems })
  const status = given['status'] as JobStatus
  if (!jobStatuses.includes(status)) {
    problems.push({ path: 'status', message: `is ${shown(status)}; expected one of ${jobStatuses.join(', ')}` })
  }
  const text = (path: 'reason' | 'log') => readText(given[path], { path, max: max[path], problems })
  const time = (path: string) => readTime(given[path], { path, problems })
  const containerfile = readContainerfile(given['containerfile'], { path: 'containerfile', problems })
  const word: SentWord = {
    status,
    // a reason may be a whole log: better to keep its start than to refuse the report that a build failed
    reason: typeof given['reason'] === 'string' ? boundedText(given['reason'], max.reason) : text('reason'),
    log: text('log'),
    source: readBuildSource(given['source'], { path: 'source', problems }),
    machine: readMachine(given['machine'], problems),
    started: time('started'),
    finished: time('finished'),
    ...(containerfile !== null && { containerfile })
  }
  refuseProblems(what, problems)
  return word
}

/** A machine is an object, or a string: its name, or what `uname -m` prints there. */
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

/** Returns a report as JSON, to store or to show. `emulated` is true when it ran on a machine of another architecture. */
export const jobReportView = (architecture: Architecture, { source, ...report }: JobReport) => ({
  ...report,
  source: source && sourceToJson(source),
  emulated: isEmulated(architecture, report)
})

/** Reads a stored report; returns undefined for anything else. */
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
 * Returns whether a report is about an older run than the stored one: a cancelled job reports its failure while its successor is already
 * running, and a retried request arrives late. Only where both say when they started.
 */
export function isOvertaken(word: JobWord, kept: JobReport | undefined): boolean {
  if (!kept?.started || !word.started) return false
  if (word.started !== kept.started) return word.started < kept.started
  return isFinal(kept) && !isFinal(word)
}

/** Returns whether a report is about the same run as the stored one, which had not ended. */
export const isSameRun = (word: JobWord, kept: JobReport | undefined): boolean =>
  kept !== undefined &&
  !isFinal(kept) &&
  word.status !== 'pending' &&
  (word.started === null || kept.started === null || word.started === kept.started)

/** Fills in what an earlier report of the same run said. */
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

/** Returns whether a report repeats an end that is stored, as a retried request does. A sign of life is always new: it puts off the timeout. */
export function isRepeated(word: JobWord, kept: JobReport | undefined): boolean {
  if (kept === undefined || !isFinal(kept) || word.status !== kept.status) return false
  const { machine, source } = word
  if (source !== null && !(kept.source !== null && sameSource(source, kept.source))) return false
  if (machine !== null && !(['name', 'architecture', 'emulated'] as const).every((field) => machine[field] === kept.machine?.[field]))
    return false
  return (['reason', 'log', 'started', 'finished'] as const).every((field) => word[field] === null || word[field] === kept[field])
}
