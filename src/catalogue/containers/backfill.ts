import type { Architecture } from '../../domain/architecture.ts'
import { containerFrom, imageRegistration } from '../../domain/container/container.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { applies, type Facts } from '../../domain/image/facts.ts'
import { pythonObject, pythonString, stringOf } from '../../domain/json/json.ts'
import type { BackfillItem, BackfillPage } from '../../schemas.ts'
import { singleOf } from '../lists/single-image.ts'
import type { StoredRecord } from '../records/changes.ts'
import type { ChangeContext } from '../records/image-records.ts'
import type { ContainerParts } from './parts.ts'

interface BackfillRequest {
  /** A pattern of `*` and `?`. */
  id: string | undefined
  limit: number
  cursor: string | undefined
  publicUrl: string
}

export interface Backfill {
  /** Lists records without `urls`, as they would become. */
  page(request: BackfillRequest): Promise<BackfillPage>
  /** Writes one. Throws container_unknown, image_missing when it names architectures, image_unproven, precondition_failed. */
  write(request: ChangeContext & { id: string }): Promise<BackfillItem>
}

export function createBackfill(parts: ContainerParts): Backfill {
  const { facts, changes } = parts
  const { containers } = parts.stores
  return {
    async page({ id, limit, cursor, publicUrl }) {
      const where = id === undefined ? [] : [{ field: 'id', glob: id }]
      const { items, next = null } = await containers.list({ where, limit, ...(cursor !== undefined && { cursor }) })
      const unnamed = items
        .map((stored) => ({ record: fromDocument(stored.id, stored.document), revision: stored.revision }))
        .filter(({ record }) => record.images.size === 0 && record.url !== undefined)
      return { items: await Promise.all(unnamed.map(async (one) => (await backfilled(parts, one, publicUrl)).item)), next }
    },

    async write({ id, publicUrl, ...change }) {
      const { record: before, revision } = await singleOf(containers, id)
      const { item, proof } = await backfilled(parts, { record: before, revision }, publicUrl)
      const { after } = item
      if (!proof?.architecture || after === null) throw new CatalogueError('image_unproven', item.message)
      // before the record names the architecture, so that no machine is told that the image is unverified
      if (!change.dryRun) await facts.write({ ...proof, imageKey: proof.architecture })
      const to = (stored: StoredRecord | undefined) => documentWith(sameRecord(stored, before), after)
      await changes.write(id, { ...change, what: 'backfilled', to })
      if (change.dryRun) return item
      await facts.remove(id, '')
      return { ...item, written: true }
    }
  }
}

type UnnamedRecord = Pick<StoredRecord, 'record' | 'revision'>

/** Returns the record as it would become, and the facts that apply to it. */
async function backfilled(parts: ContainerParts, { record, revision }: UnnamedRecord, publicUrl: string) {
  const { id, url = '', version = '', digest = '' } = record
  const [stored] = await parts.facts.read(id, [''])
  const proof = stored && applies(stored, { url, digest: record.digest }) ? stored : undefined
  const proven = provenOf(proof)
  const named = (architecture: Architecture) => {
    const registration = imageRegistration(undefined, { id, version, digest, architecture, url })
    const container = containerFrom(registration, { publicUrl, guarded: parts.guarded })
    return { url: container.url, urls: container.urls! }
  }
  const item: BackfillItem = {
    id,
    revision,
    verdict: proof?.verdict ?? 'unverified',
    architecture: proof?.architecture ?? null,
    before: { url, urls: stringOf(record.members.get('urls')) ?? null },
    after: proven === undefined ? null : named(proven),
    message: wordsFor(id, proof),
    written: false
  }
  return { item, proof }
}

const provenOf = (facts: Facts | undefined): Architecture | undefined =>
  facts?.verdict === 'match' && facts.status !== 'gone' && facts.architecture !== null ? facts.architecture : undefined

/** Returns the record if it is still what the proof is about. Throws precondition_failed. */
function sameRecord(stored: StoredRecord | undefined, { id, url, digest }: ContainerRecord): ContainerRecord {
  const record = stored?.record
  if (record && record.images.size === 0 && record.url === url && record.digest === digest) return record
  throw new CatalogueError('precondition_failed', `${id} was changed meanwhile; look at it again`)
}

/** The document's other members stay as they are, whoever wrote them. */
const documentWith = ({ members }: ContainerRecord, { url, urls }: { url: string; urls: string }): string =>
  pythonObject(new Map(members).set('url', pythonString(url)).set('urls', pythonString(urls)))

function wordsFor(id: string, facts: Facts | undefined): string {
  const byHand = 'register it by hand as what you know it to be: leporello register, or PUT …/images/{architecture} with its url'
  if (facts === undefined || facts.verdict === 'unverified') {
    const why = facts?.summary ? ` (${facts.summary})` : ''
    return `nobody has read it yet${why}: leporello verify ${id} has the server read what LEPORELLO_VERIFY opens`
  }
  if (facts.status === 'gone') return `its tarball is gone: ${byHand}`
  if (facts.verdict === 'match') return `proven to be for ${facts.architecture}: ${facts.summary}`
  return `${facts.verdict}: ${facts.summary}; ${byHand}`
}
