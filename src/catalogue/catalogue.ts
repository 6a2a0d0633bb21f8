import type { Architecture } from '../domain/architecture.ts'
import type { Hash } from '../domain/facts.ts'
import type { DocumentStore, Stores } from '../stores/document-store.ts'
import { type Containers, containerCatalogue } from './containers.ts'
import { factsBook } from './facts.ts'
import { type Images, type ImagesParts, imageCatalogue } from './images.ts'
import { type Specs, specCatalogue } from './specs.ts'

/** Everything that the faces may ask for. */
export interface Catalogue {
  containers: Containers
  /** Absent where there is nowhere to keep tarballs. */
  images: Images | undefined
  jobSpecs: Specs
  hysdsIos: Specs
  /** A document as an engine would answer it, for operators. */
  describe: Record<'containers' | 'jobSpecs' | 'hysdsIos', DocumentStore['describe']>
}

export interface CatalogueOptions {
  guarded: readonly Architecture[]
  hash: Hash
  tarballs?: Pick<ImagesParts, 'blobs' | 'sources' | 'now' | 'strict' | 'addresses'> | undefined
}

export function createCatalogue(stores: Stores, { guarded, hash, tarballs }: CatalogueOptions): Catalogue {
  const facts = factsBook(stores.facts, hash)
  return {
    containers: containerCatalogue(stores.containers, { guarded, facts }),
    images: tarballs && imageCatalogue({ ...tarballs, records: stores.containers, guarded, facts }),
    jobSpecs: specCatalogue(stores.jobSpecs),
    hysdsIos: specCatalogue(stores.hysdsIos),
    describe: {
      containers: (id, options) => stores.containers.describe(id, options),
      jobSpecs: (id, options) => stores.jobSpecs.describe(id, options),
      hysdsIos: (id, options) => stores.hysdsIos.describe(id, options)
    }
  }
}
