import type { RecordChange } from '../../schemas.ts'
import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import type { ContainerRecord } from '../container/document.ts'
import { saidOf } from '../container/fingerprint.ts'
import { cut } from '../json/reading.ts'
import { maskSecrets } from '../secrets.ts'

export interface FieldChange extends RecordChange {
  architecture: Architecture | null
}

type ComparedField = Exclude<FieldChange['what'], 'container'>
type Meaning = Pick<ContainerRecord, 'url' | 'images' | 'members'>

/** Returns what changed in the meaning of a record, undefined where there is none: fields, then images in the table's order. */
export function diffOf(before: Meaning | undefined, after: Meaning | undefined): FieldChange[] {
  const changes: FieldChange[] = []
  if ((before === undefined) !== (after === undefined)) {
    const kind = after === undefined ? 'removed' : 'added'
    changes.push({ kind, what: 'container', architecture: null, before: null, after: null, message: `the container was ${kind}` })
  }
  const compare = (what: ComparedField, values: [string | null, string | null], architecture: Architecture | null = null) => {
    if (values[0] !== values[1]) changes.push(changeOf(what, values, architecture))
  }
  for (const field of ['version', 'digest'] as const)
    compare(field, [before ? saidOf(before, field) : null, after ? saidOf(after, field) : null])
  compare('url', [before?.url ?? null, after?.url ?? null])
  for (const architecture of uniqueInTableOrder([...(before?.images.keys() ?? []), ...(after?.images.keys() ?? [])])) {
    compare('image', [before?.images.get(architecture) ?? null, after?.images.get(architecture) ?? null], architecture)
  }
  return changes
}

function changeOf(what: ComparedField, values: [string | null, string | null], architecture: Architecture | null): FieldChange {
  const [before, after] = values.map((value) => (value === null ? null : maskSecrets(value))) as [string | null, string | null]
  const kind = before === null ? 'added' : after === null ? 'removed' : 'changed'
  const subject = what === 'image' ? `the image for ${architecture}` : what
  const words = { added: `: ${shown(after)}`, removed: `; it was ${shown(before)}`, changed: ` from ${shown(before)} to ${shown(after)}` }
  const hidden = kind === 'changed' && before === after ? ', in a part that is not shown' : ''
  return { kind, what, architecture, before, after, message: `${subject} was ${kind}${words[kind]}${hidden}` }
}

const shown = (value: string | null) => (value === '' ? '""' : cut(value ?? '', 300))

/** Returns all changes in one sentence, as an entry's summary. */
export function summaryOf(changes: readonly FieldChange[]): string {
  if (changes.length === 0) return 'nothing changed in what it means'
  const told = changes.slice(0, 8).map(({ message }) => message)
  return cut(told.join('; ') + (changes.length > 8 ? `; and ${changes.length - 8} more changes` : ''), 2000)
}
