import type { Rule } from '../../domain/build/rules.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { Records } from '../records/records.ts'
import type { Verifier } from '../verification/verifier.ts'
import { type BuildStatuses, type BuildStatusesParts, createBuildStatuses } from './build-statuses.ts'
import { type Building, createBuilding } from './building.ts'
import { createPlanning, type Planning } from './planning.ts'
import { createPublishing, type Publishing, type PublishingParts } from './publication.ts'
import { createSiteRules, type SiteRules } from './site-rules.ts'

export interface BuildsParts extends Records {
  facts: PublishingParts['facts']
  guarded: PublishingParts['guarded']
  rules: readonly Rule[]
  /** The architectures that a container is to have where neither itself nor a rule says so. */
  expected: PublishingParts['guarded']
  verification: Verifier | undefined
  addresses: PublishingParts['addresses']
  keep: PublishingParts['keep']
  releaseTarballs: BuildStatusesParts['releaseTarballs']
  hash: BuildStatusesParts['hash']
  now: () => Date
  onAppendFailed: BuildStatusesParts['onAppendFailed']
}

/** What is kept of containers while their architectures are built, and what follows from it. */
export interface Builds {
  siteRules: SiteRules
  buildStatuses: BuildStatuses
  building: Building
  publishing: Publishing
  planning: Planning
}

export function createBuilds(stores: Stores, parts: BuildsParts): Builds {
  const { changes, verification } = parts
  const rules = createSiteRules(parts)
  const buildStatuses = createBuildStatuses({ ...parts, rules, store: stores.buildStatuses })
  changes.onArrival(buildStatuses.follow)
  const publishing = createPublishing({ ...parts, rules, buildStatuses })
  verification?.onProof((id) => publishing.publishPending(id))
  return {
    siteRules: rules,
    buildStatuses,
    building: createBuilding({ ...parts, rules, buildStatuses, publishPending: publishing.publishPending }),
    publishing,
    planning: createPlanning({ ...parts, rules, buildStatuses, jobSpecs: stores.jobSpecs })
  }
}
