import type { BuildsParts } from '../builds/parts.ts'
import type { Publishing } from '../builds/publication.ts'
import type { RequireProof } from '../verification/strict-registration.ts'

/** What the modules of this folder depend on. */
export interface ContainerParts extends BuildsParts {
  publishing: Publishing
  /** What `add` does where the request does not say. */
  add: 'replace' | 'merge'
  /** On a strict site: reads the images of a record before it is registered. */
  requireProof?: RequireProof | undefined
}
