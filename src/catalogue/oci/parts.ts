import type { Hash } from '../../domain/image/facts.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { Containers } from '../containers/containers.ts'
import type { DemandCounts } from '../containers/demand.ts'
import type { Holders } from '../containers/holders.ts'
import type { ImageParts } from '../images/parts.ts'
import type { BlobReading } from './oci-blobs.ts'

/** What everything in this room is made of. */
export interface OciContext extends ImageParts, BlobReading {
  stores: Pick<Stores, 'containers' | 'facts' | 'buildStatuses' | 'releases' | 'summaries' | 'oci'>
  hash: Hash
  containers: Containers
  demand: DemandCounts
  holders: Pick<Holders, 'checkUnnamed'>
}

/** Content of a repository, by digest. */
export interface ContentName {
  repository: string
  digest: string
}
