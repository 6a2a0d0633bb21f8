import { registrable } from '../../domain/container/posted-urls.ts'
import { resolveImage } from '../../domain/container/resolution.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { applies, type ImageKey } from '../../domain/image/facts.ts'
import { tagOf } from '../../domain/image/storage.ts'
import { checkId, checkLength } from '../../domain/limits.ts'
import type { ImageChange, RegisteredImage } from '../records/image-records.ts'
import { currentFacts, rememberClaimedDigest } from '../verification/image-facts.ts'
import type { ImageParts } from './parts.ts'

export interface ImageByUrl extends ImageChange {
  url: string
  /** Default: the record's. */
  digest?: string | undefined
  /** Default: the record's, or the tag in the container's id. */
  version?: string | undefined
}

export interface ImageToCopy extends ImageChange {
  /** The container whose image is registered. */
  from: string
}

/** Throws id_invalid, parameter_missing, parameter_invalid. */
export async function registerByUrl(parts: ImageParts, image: ImageByUrl): Promise<RegisteredImage> {
  const { url: posted, digest, version, warn, ...change } = image
  const { facts, publishing, verifier } = parts
  const { id, architecture, publicUrl, dryRun } = change
  checkId(id)
  checkLength('url', posted)
  const url = registrable(posted, { addresses: [publicUrl, ...parts.addresses()], warn, shown: 'url' })
  const before = await parts.changes.find(id)
  const named = { version: version || before?.record.version || tagOf(id), digest: digest || before?.record.digest }
  for (const [name, value] of Object.entries(named)) {
    if (!value) throw new CatalogueError('parameter_missing', `${name} must be supplied: ${id} is new, and nothing tells it`)
  }
  const registered = await publishing.bringImage({ ...change, url, version: named.version!, digest: named.digest! })
  if (dryRun || registered.waiting?.has(architecture)) return registered
  const { record } = registered
  const [stored] = await facts.read(id, [architecture])
  const isRebuilt = digest && (await rememberClaimedDigest(facts, { record, architecture, digest, now: parts.now().toISOString() }))
  if (isRebuilt) await publishing.noteRebuilt(registered, [architecture])
  const isCurrent = stored && applies(stored, { url, digest: record.digest ?? '' })
  if (!isCurrent || stored.status === 'gone') await verifier.registered(record, { publicUrl })
  return registered
}

/** Throws container_unknown, image_missing, image_mislabelled, image_gone for the other container. */
export async function copyImage(parts: ImageParts, { from, ...change }: ImageToCopy): Promise<RegisteredImage> {
  const { facts, changes, publishing } = parts
  const { id, architecture } = change
  const other = await changes.read(from)
  const current = await currentFacts(facts, other.record)
  const { url } = resolveImage(other.record, { architecture }, { facts: [...current.values()] })
  const known = current.get(architecture)
  const digest = known?.given ?? known?.config ?? other.record.digest
  const proven = change.dryRun ? undefined : known
  const carried = (imageKey: ImageKey, recordDigest = '') => {
    return { ...proven!, container: id, imageKey, digest: recordDigest, given: digest ?? null }
  }
  const imageKey = await publishing.imageKeyOf(id, architecture)
  if (proven && imageKey !== architecture) await facts.write(carried(imageKey, digest))
  const registered = await registerByUrl(parts, { ...change, url, digest })
  if (proven && !registered.waiting?.has(architecture)) await facts.learn(carried(architecture, registered.record.digest))
  return registered
}
