import type { Architecture } from '../domain/architecture.ts'
import { type Assembly, expiredPending, type Pending, withoutPending } from '../domain/assembly.ts'
import type { Record } from '../domain/document.ts'
import type { Cause } from '../domain/entry.ts'
import { applies, type Facts, waitingSlot } from '../domain/facts.ts'
import { type Publication, publishable, publishedDocument } from '../domain/publication.ts'
import { isAwaited, standingUrls } from '../domain/state.ts'
import type { Release } from '../domain/task.ts'
import type { Assemblies } from './assemblies.ts'
import type { Changes, Known } from './changes.ts'
import { type FactsBook, noteGiven } from './facts.ts'
import type { Rulebook } from './rulebook.ts'
import { createTurns } from './turns.ts'
import type { Verification } from './verification.ts'

/** From images that wait to images that are published, or given up: whatever of that can be done now. */
export interface Settlement {
  /** What could be published of what waits; undefined while the policy says to wait. */
  planOf(id: string, standing: { assembly: Assembly; record: Record | undefined }): Promise<Publication | undefined>
  /** The document that a publication makes of another one. */
  documentOf(id: string, publication: Publication): (known: Known | undefined) => string | undefined
  /** Those that wait no longer, unless another image has come in their place. Answers the tarballs that were let go of; so does the next. */
  clear(
    id: string,
    cleared: { seen: Assembly; architectures: readonly Architecture[]; what: string; cause: Cause }
  ): Promise<readonly Release[]>
  /** Publishes what is complete, and gives up what has waited for too long. */
  settled(id: string, cause: Cause): Promise<readonly Release[]>
}

export interface SettlementParts {
  changes: Changes
  assemblies: Assemblies
  facts: FactsBook
  rulebook: Rulebook
  guarded: readonly Architecture[]
  verification: Pick<Verification, 'registered'> | undefined
  addresses: () => readonly string[]
  now: () => Date
}

/** Publish, clear, and look again; more when others bring images all the while. */
const maxRounds = 8

export function createSettlement(parts: SettlementParts): Settlement {
  const { changes, assemblies, facts, rulebook, guarded, verification, addresses } = parts
  const inTurn = createTurns()
  const now = () => parts.now().toISOString()

  const planOf: Settlement['planOf'] = async (id, { assembly, record }) => {
    const { publish } = rulebook.policiesOf(id)
    const expected = publish === 'each' ? [] : rulebook.expectedOf(id, assembly).architectures
    const known = publish === 'verified' ? await waitingFacts(id, assembly.pending) : new Map<Architecture, Facts>()
    const verdictOf = (architecture: Architecture) => known.get(architecture)?.verdict ?? 'unverified'
    const images = record ? standingUrls(record) : new Map<Architecture, string>()
    const awaited = (architecture: Architecture) => {
      const url = images.get(architecture)
      return isAwaited({ assembly, architecture, image: url === undefined ? undefined : { url }, now: now() })
    }
    return publishable({ record, pending: assembly.pending, expected, publish, verdictOf, isAwaited: awaited, now: now() })
  }

  async function waitingFacts(id: string, pending: ReadonlyMap<Architecture, Pending>): Promise<Map<Architecture, Facts>> {
    const found = await facts.read(id, [...pending.keys()].map(waitingSlot))
    const bySlot = new Map(found.map((one) => [one.slot, one]))
    return new Map(
      [...pending].flatMap(([architecture, { url, digest }]) => {
        const one = bySlot.get(waitingSlot(architecture))
        return one && applies(one, { url, digest: digest ?? '' }) ? [[architecture, one] as const] : []
      })
    )
  }

  const documentOf: Settlement['documentOf'] = (id, publication) => (known) => {
    const replaces = known?.record.version !== publication.version
    // what it was to be complete with is another version by now
    if (replaces && !publication.replaces) return known?.document
    const [first] = publication.images.values()
    const publicUrl = first?.via ?? addresses()[0] ?? ''
    return publishedDocument(id, { document: known?.document, publication: { ...publication, replaces }, publicUrl, guarded })
  }

  /** What is known of the images is written before the record names them, so that nobody is given a mislabelled one in between. */
  async function publish(id: string, { publication, cause }: { publication: Publication; cause: Cause }): Promise<readonly Release[]> {
    const to = documentOf(id, publication)
    const known = await waitingFacts(id, publication.images)
    const carry = async (digest: string) => {
      for (const [architecture, one] of known) await facts.write({ ...one, slot: architecture, digest })
    }
    const planned = (await changes.write(id, { cause, to, dryRun: true })).after?.record.digest ?? ''
    await carry(planned)
    const changed = await changes.write(id, { cause, to, what: 'published' })
    const record = changed.after?.record
    if (!record) return changed.released
    if ((record.digest ?? '') !== planned) await carry(record.digest ?? '')
    for (const [architecture, { digest }] of publication.images) {
      if (digest && !known.has(architecture)) await noteGiven(facts, { record, architecture, digest, now: now() })
    }
    await assemblies.follow(id, { ...changed, brought: [...publication.images.keys()] })
    const [first] = publication.images.values()
    await verification?.registered(record, { publicUrl: first?.via ?? addresses()[0] ?? '' })
    return changed.released
  }

  const clear: Settlement['clear'] = async (id, { seen, architectures, what, cause }) => {
    if (architectures.length === 0) return []
    const changed = await assemblies.change(id, {
      kind: 'pending',
      cause,
      to: (assembly, at) => {
        const same = architectures.filter((one) => assembly.pending.get(one)?.since === seen.pending.get(one)?.since)
        return withoutPending(assembly, { architectures: same, now: at })
      },
      told: ({ pending }) => [...pending],
      what,
      summary: `${what}: the image for ${architectures.join(', ')}`
    })
    const { pending } = changed.after.assembly
    for (const architecture of architectures) if (!pending.has(architecture)) await facts.remove(id, waitingSlot(architecture))
    return changed.released
  }

  const settled: Settlement['settled'] = (id, cause) =>
    inTurn(id, async () => {
      const released: Release[] = []
      for (let round = 0; round < maxRounds; round++) {
        const assembly = await assemblies.find(id)
        if (!assembly || assembly.pending.size === 0) return released
        const record = (await changes.find(id))?.record
        const done = [...assembly.pending].filter(([architecture, { url, version }]) => {
          return record?.images.get(architecture) === url && record.version === (version ?? '')
        })
        const expired = expiredPending(assembly, now())
        released.push(...(await clear(id, { seen: assembly, architectures: expired, what: 'given up', cause })))
        released.push(...(await clear(id, { seen: assembly, architectures: done.map(([one]) => one), what: 'published', cause })))
        const left = withoutPending(assembly, { architectures: done.map(([one]) => one), now: now() })
        const publication = await planOf(id, { assembly: left, record })
        if (!publication) return released
        released.push(...(await publish(id, { publication, cause })))
      }
      return released
    })

  return { planOf, documentOf, clear, settled }
}
