import type { Stores } from '../../stores/document-store.ts'
import { type SingleImage, type SingleImageParts, verifySingle } from '../lists/single-image.ts'
import type { FsckLine } from './fsck/findings.ts'
import { fsck } from './fsck/fsck.ts'
import type { FsckOptions, FsckParts } from './fsck/parts.ts'

/** Looking after what is there: what nobody said, what nobody names any more, what an interruption left. */
export interface Upkeep {
  /** Reads the one image of a record that names only `url`. Throws container_unknown, image_missing. */
  verifySingle(asked: { id: string; publicUrl: string; dryRun?: boolean }): Promise<SingleImage>
  /** What does not fit between records, facts and tarballs, as it is found; the last line is the sum. */
  fsck(options: FsckOptions): AsyncGenerator<FsckLine>
}

type Collections = Pick<Stores, 'containers' | 'buildStatuses' | 'facts' | 'tasks'>

export interface UpkeepParts
  extends Omit<FsckParts, keyof Collections | 'factsStore' | 'graceMs' | 'expiryMs'>,
    Pick<SingleImageParts, 'sources' | 'inspect'> {
  facts: FsckParts['facts']
  removal: { graceMs: number }
  /** For how long an upload may stand still; default a day. */
  uploadExpiryMs?: number
}

const day = 24 * 3_600_000

export function upkeepCatalogue({ containers, buildStatuses, facts: factsStore, tasks }: Collections, parts: UpkeepParts): Upkeep {
  const { removal, uploadExpiryMs = day } = parts
  const all = { ...parts, containers, buildStatuses, factsStore, tasks, graceMs: removal.graceMs, expiryMs: uploadExpiryMs }
  return {
    verifySingle: (asked) => verifySingle(all, asked),
    fsck: (options) => fsck(all, options)
  }
}
