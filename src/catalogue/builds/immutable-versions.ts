import { isArrived, stateOf } from '../../domain/build/state.ts'
import { type ContainerRecord, urlOf } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { fromFactsDocument } from '../../domain/image/facts.ts'
import { whereEqual } from '../../domain/json/query.ts'
import { itemsOf } from '../../domain/pages.ts'
import type { StoredRecord } from '../records/changes.ts'
import { currentFacts } from '../verification/image-facts.ts'
import type { BuildsContext } from './parts.ts'

export type ImmutableVersions = ReturnType<typeof createImmutableVersions>

/** Containers that a rule makes immutable (LEPORELLO_RULES) once all that is expected of them has arrived. */
export function createImmutableVersions(parts: BuildsContext) {
  const { siteRules, changes } = parts
  return {
    /** Refuses a change of what a complete version means. Throws version_immutable. */
    async check({ record }: StoredRecord, meant: { before: string; after: string }): Promise<void> {
      if (!siteRules.isImmutable(record.id) || !(await isComplete(parts, record))) return
      const fingerprints = `its fingerprint is ${meant.before}, and would be ${meant.after}`
      throw refusal(`${record.id} is complete, and ${rule}: ${fingerprints}; register what is new as another version`)
    },
    /** Refuses to expect something else of a complete version, which would make it incomplete. Throws version_immutable. */
    async checkExpected(id: string): Promise<void> {
      const stored = siteRules.isImmutable(id) ? await changes.find(id) : undefined
      if (!stored || !(await isComplete(parts, stored.record))) return
      throw refusal(`${id} is complete, and ${rule}; so is what is expected of it`)
    },
    /** Refuses other bytes for a tarball that is an image of a complete version, by its key. Throws version_immutable. */
    async checkTarball(key: string): Promise<void> {
      if (!siteRules.someImmutable) return
      for await (const id of containersOf(parts, key)) {
        const stored = siteRules.isImmutable(id) ? await changes.find(id) : undefined
        if (!stored || !(await isComplete(parts, stored.record))) continue
        throw refusal(`${key} is an image of ${id}, which is complete, and ${rule}; store what is new as another file`)
      }
    }
  }
}

const rule = 'a rule makes complete versions immutable (LEPORELLO_RULES)'
const refusal = (message: string) => new CatalogueError('version_immutable', message)

/** Yields the containers that have a tarball as an image, as far as it was read. */
async function* containersOf({ stores, changes }: BuildsContext, key: string): AsyncGenerator<string> {
  for await (const { document } of itemsOf(stores.facts.list, { where: whereEqual({ key }), limit: 100 })) {
    const facts = fromFactsDocument(document)
    const stored = facts && (await changes.find(facts.container))
    if (stored && urlOf(stored.record, facts.imageKey) === facts.url) yield facts.container
  }
}

async function isComplete({ facts, buildStatuses, siteRules, now }: BuildsContext, record: ContainerRecord): Promise<boolean> {
  const [known, buildStatus] = await Promise.all([currentFacts(facts, record), buildStatuses.find(record.id)])
  const expected = siteRules.expectedOf(record.id, buildStatus)
  const policies = siteRules.policiesOf(record.id, buildStatus)
  return isArrived(stateOf({ ...policies, record, facts: known, buildStatus, expected, now: now().toISOString() }))
}
