import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { crashContract } from './crash-contract.ts'
import { folderContract } from './folder-contract.ts'
import { putContract } from './put-contract.ts'
import { readContract } from './read-contract.ts'
import { uploadContract } from './upload-contract.ts'

/** An empty place to keep blobs in. */
export interface Place {
  /** A store on it, as a server opens one when it starts. */
  open(): Promise<BlobStore>
  /** What tells another process to open the same: see child.ts. */
  description: unknown
}

export interface Subject {
  name: string
  place(): Promise<Place>
  /** Whether the store itself hands out URLs. */
  presigns: boolean
}

/** What every blob store does: this is the definition of the port. */
export function blobStoreContract(subject: Subject): void {
  putContract(subject)
  readContract(subject)
  folderContract(subject)
  uploadContract(subject)
  crashContract(subject)
}
