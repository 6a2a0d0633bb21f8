import { isArrived, stateOf } from '../../domain/build/state.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { StoredRecord } from '../records/changes.ts'
import { currentFacts } from '../verification/image-facts.ts'
import type { BuildsContext } from './parts.ts'

/** Containers that a rule makes immutable (LEPORELLO_RULES) once all that is expected of them has arrived. */
export interface ImmutableVersions {
  /** Refuses a change of what a complete version means. Throws version_immutable. */
  check(before: StoredRecord, meant: { before: string; after: string }): Promise<void>
  /** Refuses to expect something else of a complete version, which would make it incomplete. Throws version_immutable. */
  checkExpected(id: string): Promise<void>
}

type ImmutableParts = Pick<BuildsContext, 'siteRules' | 'facts' | 'buildStatuses' | 'changes' | 'now'>

export function createImmutableVersions(parts: ImmutableParts): ImmutableVersions {
  const { siteRules, changes } = parts
  const rule = 'a rule makes complete versions immutable (LEPORELLO_RULES)'
  return {
    async check({ record }, meant) {
      if (!siteRules.isImmutable(record.id) || !(await isComplete(parts, record))) return
      throw new CatalogueError(
        'version_immutable',
        `${record.id} is complete, and ${rule}: its fingerprint is ${meant.before}, and would be ${meant.after}; register what is new as another version`
      )
    },
    async checkExpected(id) {
      const stored = siteRules.isImmutable(id) ? await changes.find(id) : undefined
      if (!stored || !(await isComplete(parts, stored.record))) return
      throw new CatalogueError('version_immutable', `${id} is complete, and ${rule}; so is what is expected of it`)
    }
  }
}

async function isComplete({ facts, buildStatuses, siteRules, now }: ImmutableParts, record: ContainerRecord): Promise<boolean> {
  const [known, buildStatus] = await Promise.all([currentFacts(facts, record), buildStatuses.find(record.id)])
  const expected = siteRules.expectedOf(record.id, buildStatus)
  const policies = siteRules.policiesOf(record.id, buildStatus)
  return isArrived(stateOf({ ...policies, record, facts: known, buildStatus, expected, now: now().toISOString() }))
}
