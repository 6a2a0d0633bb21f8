import { fromDocument, urlOf } from '../../../domain/container/document.ts'
import { applies, type Facts, isPendingKey } from '../../../domain/image/facts.ts'
import type { LayerStack } from '../../../domain/image/layer-stack.ts'
import { digestInKey, isUploadKey } from '../../../domain/image/storage.ts'
import type { Task } from '../../../domain/image/task.ts'
import type { FsckParts } from './parts.ts'

/** What is younger may be about to be registered, and is not judged. */
export const youngMs = 15 * 60_000

/** A put that stands still is cut off after a minute, but on S3 its parts tell only when it began. */
const surelyLeftMs = 3_600_000

interface ObjectBytes {
  key: string
  size: number
  /** As the store noted it, hexadecimal; undefined where it has none. */
  sha256: string | undefined
  /** Of the bytes, where they were read. */
  read: string | undefined
  /** What the facts about a record's image say of it. */
  proven: ProvenBytes | undefined
}

export interface ProvenBytes {
  sha256: string | null
  size: number | null
}

/** Returns how an object differs from what it should be, in words; undefined where it does not. */
export function byteFault({ key, size, sha256, read, proven }: ObjectBytes): string | undefined {
  if (read !== undefined && sha256 !== undefined && read !== sha256)
    return `its bytes are sha256:${read} where sha256:${sha256} were stored`
  const actual = read ?? sha256
  if (proven && proven.size !== null && proven.size !== size) return `it has ${size} bytes where ${proven.size} were proven`
  if (proven && actual !== undefined && proven.sha256 !== actual) return `it is sha256:${actual} where sha256:${proven.sha256} was proven`
  const prefix = digestInKey(key)
  if (prefix !== undefined && actual !== undefined && !actual.startsWith(prefix))
    return `it is sha256:${actual}, which is not what its path says`
  return undefined
}

/** An object that no record and no pending image names. */
interface UnnamedObject {
  key: string
  ageMs: number
  /** When a task is due to remove it. */
  due: string | undefined
  graceMs: number
}

type UnnamedVerdict =
  /** It may be about to be registered. */
  | 'young'
  /** A task removes it. */
  | 'due'
  | { kind: 'orphaned' | 'unnamed'; repair: 'possible' | 'later' }

/** An orphaned object was uploaded for a container; an unnamed one was stored by its path. */
export function judgeUnnamed({ key, ageMs, due, graceMs }: UnnamedObject): UnnamedVerdict {
  if (ageMs < youngMs) return 'young'
  const kind = isUploadKey(key) ? 'orphaned' : 'unnamed'
  if (kind === 'orphaned' && due !== undefined) return 'due'
  return { kind, repair: ageMs >= graceMs ? 'possible' : 'later' }
}

type LeftoverTimes = Pick<FsckParts, 'aloneSince' | 'expiryMs'> & { now: Date }

/** Returns the moments before which a put counts as left over, and before which a repair removes what it left. */
export function leftoverLimits({ now, aloneSince, expiryMs }: LeftoverTimes): { left: Date; removable: Date } {
  const before = (ms: number) => new Date(Math.max(now.getTime() - ms, aloneSince?.getTime() ?? 0))
  return { left: before(surelyLeftMs), removable: before(expiryMs) }
}

/** An upload that ended is kept for a while so that its client can ask how it ended. */
export function judgeUpload(upload: { ended: boolean; ageMs: number; expiryMs: number }): 'ended' | 'continuing' | 'expired' {
  const { ended, ageMs, expiryMs } = upload
  if (ended) return 'ended'
  return ageMs < expiryMs ? 'continuing' : 'expired'
}

interface FoundFacts {
  /** Undefined for a document that cannot be understood. */
  facts: Facts | LayerStack | undefined
  /** The text of the record that they are about. */
  record: string | undefined
  now: Date
}

/** Returns why facts are about nothing; undefined where they are about an image, or may be. */
export function factsFault({ facts, record, now }: FoundFacts): 'unreadable' | 'no record' | 'another image' | undefined {
  if (!facts) return 'unreadable'
  // facts about a pending image are the image sweep's; facts about an upload are written before the record that names it
  if (isPendingKey(facts.imageKey) || Date.parse(readAt(facts)) > now.getTime() - youngMs) return undefined
  if (record === undefined) return 'no record'
  return stillNamed(facts, record) ? undefined : 'another image'
}

/** Returns when the image was read. */
export const readAt = (facts: Facts | LayerStack): string => ('read' in facts ? facts.read : facts.checked)

/** Returns whether the record says of an image what it said when these facts were learnt. */
function stillNamed(facts: Facts | LayerStack, document: string): boolean {
  const record = fromDocument(facts.container, document)
  const url = urlOf(record, facts.imageKey)
  if ('read' in facts) return url === facts.url
  return url !== undefined && applies(facts, { url, digest: record.digest })
}

type FoundTask = Omit<FoundFacts, 'facts'> & { task: Task | undefined }

/** Returns why a task cannot be carried out; undefined where it can, or may be. A server would have carried out what it can by now. */
export function taskFault({ task, record, now }: FoundTask): 'unreadable' | 'no image' | undefined {
  if (!task) return 'unreadable'
  if (task.kind !== 'verify' || isPendingKey(task.imageKey) || task.due > new Date(now.getTime() - youngMs).toISOString()) return undefined
  const named = record !== undefined && urlOf(fromDocument(task.container, record), task.imageKey) !== undefined
  return named ? undefined : 'no image'
}
