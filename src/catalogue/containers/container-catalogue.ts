import type { DocumentStore } from '../../stores/document-store.ts'
import { type Backfill, createBackfill } from './backfill.ts'
import { type Batches, createBatches } from './batch.ts'
import { type ContainerEdits, createContainerEdits } from './container-edits.ts'
import { type Containers, createContainers } from './containers.ts'
import { createDemandCounts, type DemandCounts } from './demand.ts'
import { createHolders, type Holders } from './holders.ts'
import type { ContainerParts } from './parts.ts'
import { createSpecReferences } from './spec-references.ts'
import { createSpecs, type Specs, type SpecsOptions } from './specs.ts'

/** Whole containers, and the specifications that name them. */
export interface ContainerCatalogue {
  containers: Containers
  edits: ContainerEdits
  batches: Batches
  backfill: Backfill
  demand: DemandCounts
  holders: Holders
  jobSpecs: Specs
  hysdsIos: Specs
  /** Returns the ids of job specifications that name a container, as far as is known. */
  specsNaming(container: string): Promise<string[]>
  /** Returns documents as an engine would, for operators. */
  describe: Record<'containers' | 'jobSpecs' | 'hysdsIos', DocumentStore['describe']>
}

export interface ContainerCatalogueParts extends ContainerParts {
  /** Returns what is stored instead of a job specification; default the specification itself. */
  preparedSpec: SpecsOptions['prepared']
  readSpec: SpecsOptions['read']
}

export function createContainerCatalogue(parts: ContainerCatalogueParts): ContainerCatalogue {
  const { containers, jobSpecs, hysdsIos } = parts.stores
  const demand = createDemandCounts(parts.stores.demand, parts)
  const edits = createContainerEdits(parts)
  const references = createSpecReferences({ jobSpecs, now: parts.now })
  const { readSpec: read, preparedSpec: prepared } = parts
  return {
    containers: createContainers({ ...parts, demand }),
    edits,
    batches: createBatches({ ...parts, edits }),
    backfill: createBackfill(parts),
    demand,
    holders: createHolders(parts.stores.releases),
    jobSpecs: createSpecs(jobSpecs, { read, prepared, onChange: references.note }),
    hysdsIos: createSpecs(hysdsIos, { read }),
    specsNaming: (container) => references.naming(container, { most: 20 }),
    describe: { containers: containers.describe, jobSpecs: jobSpecs.describe, hysdsIos: hysdsIos.describe }
  }
}
