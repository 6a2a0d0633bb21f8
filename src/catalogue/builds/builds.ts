import { type BaseImages, createBaseImages } from './base-images.ts'
import { type BuildStatuses, createBuildStatuses } from './build-statuses.ts'
import { type Building, createBuilding } from './building.ts'
import { type Containerfiles, createContainerfiles } from './containerfiles.ts'
import { createImmutableVersions, type ImmutableVersions } from './immutable-versions.ts'
import type { BuildsParts } from './parts.ts'
import { createPlanning, type Planning } from './planning.ts'
import { createPublishing, type Publishing } from './publication.ts'

/** The build statuses of containers, and the operations on them. */
export interface Builds {
  buildStatuses: BuildStatuses
  building: Building
  publishing: Publishing
  planning: Planning
  baseImages: BaseImages
  immutableVersions: Pick<ImmutableVersions, 'checkTarball'>
  containerfiles: Containerfiles
}

export function createBuilds(parts: BuildsParts): Builds {
  const buildStatuses = createBuildStatuses(parts)
  parts.changes.onArrival(buildStatuses.follow)
  const context = { ...parts, buildStatuses }
  const immutableVersions = createImmutableVersions(context)
  parts.changes.onIntent(immutableVersions.check)
  const publishing = createPublishing(context)
  const baseImages = createBaseImages(context)
  const containerfiles = createContainerfiles(parts)
  parts.verifier?.onProof((id) => publishing.publishPending(id))
  return {
    buildStatuses,
    building: createBuilding({ ...context, publishing, immutableVersions, containerfiles }),
    publishing,
    planning: createPlanning(context, baseImages),
    baseImages,
    immutableVersions,
    containerfiles
  }
}
