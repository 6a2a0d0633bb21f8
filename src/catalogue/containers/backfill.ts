import type { Architecture } from '../../domain/architecture.ts'
import { containerFrom, imageRegistration } from '../../domain/container/container.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { applies, type Facts, type Verdict } from '../../domain/image/facts.ts'
import { pythonObject, pythonString, stringOf } from '../../domain/json/json.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import { singleOf } from '../lists/single-image.ts'
import type { Changes, StoredRecord } from '../records/changes.ts'
import type { ChangeContext } from '../records/image-records.ts'
import type { FactsStore } from '../verification/image-facts.ts'

/** A record for one architecture that nobody named, and what it would become. */
export interface BackfillItem {
  id: string
  /** At which it was looked at. */
  revision: string
  verdict: Verdict
  /** What its bytes are proven to be for. */
  architecture: Architecture | null
  before: { url: string; urls: string | null }
  /** Null where it is not proven, and nothing is to be written. */
  after: { url: string; urls: string } | null
  /** In words: what is proven, or what to do where it is not. */
  message: string
  written: boolean
}

export interface Backfill {
  /** Records without `urls`, page by page, as they would become. `id` is a pattern of `*` and `?`. */
  page(asked: { id: string | undefined; limit: number; cursor: string | undefined; publicUrl: string }): Promise<BackfillPage>
  /** Writes one, or in a dry run tells what would be written. Throws container_unknown, image_missing when it names architectures, image_unproven, precondition_failed. */
  write(asked: ChangeContext & { id: string }): Promise<BackfillItem>
}

export interface BackfillPage {
  items: BackfillItem[]
  /** Where to go on; null on the last page. A page may be empty and have a next one. */
  next: string | null
}

export interface BackfillParts {
  containers: DocumentStore
  facts: FactsStore
  changes: Changes
  guarded: readonly Architecture[]
}

export function createBackfill({ containers, facts, changes, guarded }: BackfillParts): Backfill {
  /** What the record becomes; undefined where nothing proves what it is. */
  function become({ record }: { record: ContainerRecord }, { known, publicUrl }: { known: Facts | undefined; publicUrl: string }) {
    const architecture = provenOf(known)
    if (architecture === undefined || record.url === undefined) return undefined
    const { id, url, version = '', digest = '' } = record
    const image = imageRegistration(undefined, { id, version, digest, architecture, url })
    const { url: after, urls } = containerFrom(image, { publicUrl, guarded })
    return { architecture, url: after, urls: urls! }
  }

  async function itemOf(known: Pick<StoredRecord, 'record' | 'revision'>, publicUrl: string): Promise<BackfillItem> {
    const { record, revision } = known
    const [found] = await facts.read(record.id, [''])
    const proof = found && applies(found, { url: record.url!, digest: record.digest }) ? found : undefined
    const after = become(known, { known: proof, publicUrl })
    return {
      id: record.id,
      revision,
      verdict: proof?.verdict ?? 'unverified',
      architecture: proof?.architecture ?? null,
      before: { url: record.url!, urls: stringOf(record.members.get('urls')) ?? null },
      after: after ? { url: after.url, urls: after.urls } : null,
      message: wordsFor(record.id, proof),
      written: false
    }
  }

  return {
    async page({ id, limit, cursor, publicUrl }) {
      const where = id === undefined ? [] : [{ field: 'id', glob: id }]
      const { items, next = null } = await containers.list({ where, limit, ...(cursor !== undefined && { cursor }) })
      const legacy = items
        .map((stored) => ({ record: fromDocument(stored.id, stored.document), revision: stored.revision }))
        .filter(({ record }) => record.images.size === 0 && record.url !== undefined)
      return { items: await Promise.all(legacy.map((known) => itemOf(known, publicUrl))), next }
    },

    async write({ id, publicUrl, ...circumstances }) {
      const { record, url, revision } = await singleOf(containers, id)
      const item = await itemOf({ record, revision }, publicUrl)
      const [known] = await facts.read(id, [''])
      const architecture = provenOf(known)
      if (item.after === null || architecture === undefined) throw new CatalogueError('image_unproven', item.message)
      // before the record says so, that nobody is told that the image is unverified
      if (!circumstances.dryRun) await facts.write({ ...known!, imageKey: architecture })
      await changes.write(id, {
        ...circumstances,
        what: 'backfilled',
        to: (now) => documentWith(stillThat(now, { id, url, digest: record.digest }), item.after!)
      })
      if (circumstances.dryRun) return item
      await facts.remove(id, '')
      return { ...item, written: true }
    }
  }
}

const provenOf = (known: Facts | undefined): Architecture | undefined =>
  known?.verdict === 'match' && known.status !== 'gone' && known.architecture !== null ? known.architecture : undefined

/** What was proven was about this. Throws precondition_failed. */
function stillThat(now: StoredRecord | undefined, then: { id: string; url: string; digest: string | undefined }): ContainerRecord {
  const record = now?.record
  if (record && record.images.size === 0 && record.url === then.url && record.digest === then.digest) return record
  throw new CatalogueError('precondition_failed', `${then.id} was changed meanwhile; look at it again`)
}

/** The rest of the document stays as it is, whoever wrote it. */
const documentWith = ({ members }: ContainerRecord, { url, urls }: { url: string; urls: string }): string =>
  pythonObject(new Map(members).set('url', pythonString(url)).set('urls', pythonString(urls)))

function wordsFor(id: string, known: Facts | undefined): string {
  const byHand = 'register it by hand as what you know it to be: leporello register, or PUT …/images/{architecture} with its url'
  if (known === undefined || known.verdict === 'unverified') {
    const why = known?.summary ? ` (${known.summary})` : ''
    return `nobody has read it yet${why}: leporello verify ${id} has the server read what LEPORELLO_VERIFY opens`
  }
  if (known.status === 'gone') return `its tarball is gone: ${byHand}`
  if (known.verdict === 'match') return `proven to be for ${known.architecture}: ${known.summary}`
  return `${known.verdict}: ${known.summary}; ${byHand}`
}
