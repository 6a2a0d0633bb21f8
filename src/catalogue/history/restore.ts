import { containerFrom, type GuardUrlOptions, parseRegistration } from '../../domain/container/container.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { stringOf } from '../../domain/json/json.ts'
import type { ContainerView, Warning } from '../../schemas.ts'
import type { ChangeContext } from '../records/image-records.ts'
import { currentFacts } from '../verification/image-facts.ts'
import type { HistoryParts } from './parts.ts'
import type { Revisions } from './revisions.ts'

export interface RestoreRequest extends ChangeContext {
  id: string
  revision: string
}

export interface Restored {
  container: ContainerView
  /** Whether the record had the same meaning already, so that nothing was written. */
  unchanged: boolean
  warnings: Warning[]
}

/** Writes the record of a revision again, byte for byte. Throws container_unknown, revision_unknown, restore_refused, precondition_failed. */
export async function restoreRevision(parts: HistoryParts & { revisions: Revisions }, request: RestoreRequest): Promise<Restored> {
  const { id, revision, publicUrl, ...change } = request
  const document = await parts.revisions.document(id, revision)
  const record = fromDocument(id, document)
  checkRegistrable(record, { publicUrl, guarded: parts.guarded }, revision)
  const warnings = await tarballWarnings(parts, record, publicUrl)
  const { after, unchanged } = await parts.changes.write(id, { ...change, to: () => document, what: 'restored' }).catch((error) => {
    throw isCatalogueError(error, 'document_refused') ? restoreError(id, { revision, error }) : error
  })
  if (!change.dryRun) await noteGone(parts, record, warnings)
  if (!change.dryRun && !unchanged) await parts.verifier?.registered(record, { publicUrl })
  return { container: await parts.view(after!), unchanged, warnings }
}

/** Returns a warning for each image whose tarball is missing from our own store, or may be. */
async function tarballWarnings({ tarballs }: HistoryParts, record: ContainerRecord, publicUrl: string): Promise<Warning[]> {
  const [statuses = []] = (await tarballs?.([record], publicUrl)) ?? []
  return statuses.flatMap(({ architecture, status, key }) => {
    const tarball = `the tarball${architecture === null ? '' : ` for ${architecture}`} of ${record.id}`
    if (status === 'gone') return [{ code: 'gone', message: `${tarball} is not in the store any more: ${key}`, architecture }]
    if (status !== 'unknown') return []
    return [{ code: 'unknown', message: `the store does not answer, so ${tarball} may be there or not: ${key}`, architecture }]
  })
}

/** Notes the missing tarballs in the facts. Verified facts about these images remain, but no machine can load the images. */
async function noteGone({ facts, now }: HistoryParts, record: ContainerRecord, warnings: readonly Warning[]): Promise<void> {
  const gone = warnings.flatMap(({ code, architecture }) => (code === 'gone' ? [architecture ?? ''] : []))
  if (gone.length === 0) return
  for (const [imageKey, proven] of await currentFacts(facts, record)) {
    if (gone.includes(imageKey)) await facts.learn({ ...proven, status: 'gone', checked: now().toISOString(), by: 'restore' })
  }
}

/** Throws restore_refused for a record that could not be registered now. */
function checkRegistrable(record: ContainerRecord, guards: GuardUrlOptions, revision: string): void {
  const { id, members, version = '', digest = '', url = '', images } = record
  if (images.size === 0 && url === '') {
    throw new CatalogueError('restore_refused', `revision ${revision} of ${id} names no image, so no machine could run it`)
  }
  try {
    const urls = stringOf(members.get('urls')) ?? members.get('urls') ?? ''
    containerFrom(parseRegistration({ id, version, digest, url, urls }), { ...guards, stored: images })
  } catch (error) {
    if (isCatalogueError(error)) throw restoreError(id, { revision, error })
    throw error
  }
}

const restoreError = (id: string, { revision, error }: { revision: string; error: CatalogueError }): CatalogueError =>
  new CatalogueError('restore_refused', `revision ${revision} of ${id} cannot be registered any more: ${error.message}`, { cause: error })
