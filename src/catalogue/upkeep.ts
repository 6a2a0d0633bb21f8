import { type SingleImage, type SingleImageParts, verifySingle } from './single-image.ts'

/** Looking after what is there: what nobody said, what nobody names any more, what an interruption left. */
export interface Upkeep {
  /** Reads the one image of a record that names only `url`. Throws container_unknown, image_missing. */
  verifySingle(asked: { id: string; publicUrl: string }): Promise<SingleImage>
}

export type UpkeepParts = SingleImageParts

export function upkeepCatalogue(parts: UpkeepParts): Upkeep {
  return {
    verifySingle: (asked) => verifySingle(parts, asked)
  }
}
