import type { Architecture } from '../../domain/architecture.ts'
import type { Hash } from '../../domain/image/facts.ts'
import type { Stores } from '../../stores/document-store.ts'
import type { Publishing } from '../builds/publication.ts'
import type { Leases } from '../jobs/leases.ts'
import type { Records } from '../records/records.ts'
import type { FactsStore } from '../verification/image-facts.ts'
import type { RequireProof } from '../verification/strict-registration.ts'
import type { Verifier } from '../verification/verifier.ts'

/** What the modules of this folder depend on. */
export interface ContainerParts extends Records {
  stores: Stores
  facts: FactsStore
  publishing: Publishing
  leases: Pick<Leases, 'acquire' | 'end'>
  guarded: readonly Architecture[]
  /** What `add` does where the request does not say. */
  add: 'replace' | 'merge'
  verifier: Verifier | undefined
  /** On a strict site: reads the images of a record before it is registered. */
  requireProof?: RequireProof | undefined
  hash: Hash
  now: () => Date
  /** The addresses under which clients reach this server. */
  addresses: () => readonly string[]
}
