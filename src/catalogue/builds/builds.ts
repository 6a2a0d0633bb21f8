import type { Rule } from '../../domain/build/rules.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { Records } from '../records/records.ts'
import type { Verifier } from '../verification/verifier.ts'
import { type BuildStatuses, type BuildStatusesParts, createBuildStatuses } from './build-statuses.ts'
import { type Building, createBuilding } from './building.ts'
import { createPlanning, type Planning } from './planning.ts'
import { createPublishing, type Publishing, type PublishingParts } from './publication.ts'
import { createSiteRules, type SiteRules } from './site-rules.ts'

export interface TarballRemovals {
  keep: NonNullable<PublishingParts['keep']>
  releaseTarballs: NonNullable<BuildStatusesParts['releaseTarballs']>
}

export interface BuildsParts extends Records {
  stores: Pick<Stores, 'buildStatuses' | 'jobSpecs'>
  facts: PublishingParts['facts']
  guarded: PublishingParts['guarded']
  rules: readonly Rule[]
  /** The architectures that a container is to have where neither itself nor a rule says so. */
  expected: PublishingParts['guarded']
  verifier: Verifier | undefined
  addresses: PublishingParts['addresses']
  /** Keeps and releases tarballs, where there is a store for them. */
  removals: TarballRemovals | undefined
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

export function createBuilds(parts: BuildsParts): Builds {
  const { stores, changes, verifier, removals } = parts
  const siteRules = createSiteRules(parts)
  const buildStatuses = createBuildStatuses({
    ...parts,
    siteRules,
    store: stores.buildStatuses,
    releaseTarballs: removals?.releaseTarballs
  })
  changes.onArrival(buildStatuses.follow)
  const publishing = createPublishing({ ...parts, siteRules, buildStatuses, keep: removals?.keep })
  verifier?.onProof((id) => publishing.publishPending(id))
  return {
    siteRules,
    buildStatuses,
    building: createBuilding({ ...parts, siteRules, buildStatuses, publishPending: publishing.publishPending }),
    publishing,
    planning: createPlanning({ ...parts, siteRules, buildStatuses, jobSpecs: stores.jobSpecs })
  }
}
