const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** Every bound of an inspection, in one place: an archive is written by a stranger, so time, memory and output all have one. */
export interface ImageLimits {
  /** Members of the archive itself, not the files in its layers. */
  members: number
  /** An extension header of a tar (PAX, GNU long name), in bytes. */
  extensionBytes: number
  /** A path, in characters; Linux takes 4096 bytes. */
  pathLength: number
  /** One JSON document (manifest, configuration), and all that are remembered, in bytes. */
  documentBytes: number
  documentsBytes: number
  documentDepth: number
  /** Files, directories and links of all layers together, and the characters of their names that are remembered. */
  entries: number
  namesLength: number
  /** What of them takes memory one by one: what layers change (directories, links, programs, runs of other files), and the directories of one image. */
  changes: number
  directories: number
  /** What may come out of all compressed streams, absolutely and for each byte read; the ratio counts from `ratioFromBytes` on. */
  unpackedBytes: number
  ratio: number
  ratioFromBytes: number
  /** How far back a zstd stream may refer; `zstd -19` needs 8 MiB, `--ultra` and `--long` more. */
  zstdWindowBytes: number
  /** Bytes of windows that may be moved, at least, and for each byte read. */
  zstdMovedBytes: number
  zstdMovedRatio: number
  /** Images, the layers of one, and how deep an index may hold an index. */
  images: number
  layers: number
  indexDepth: number
  /** Steps spent in putting layers together and following links. */
  steps: number
  /** Symbolic links followed for one path, as many as Linux follows. */
  links: number
  /** Scripts followed from one to the next. */
  interpreters: number
  /** What a report may hold: problems (all, and of one code), paths of a kind, characters of a text, items of a list. */
  problems: number
  problemsOfOneCode: number
  samples: number
  textLength: number
  items: number
}

export const defaultLimits: ImageLimits = {
  members: 50_000,
  extensionBytes: MiB,
  pathLength: 4096,
  documentBytes: 4 * MiB,
  documentsBytes: 16 * MiB,
  documentDepth: 64,
  entries: 2_000_000,
  namesLength: 48 * MiB,
  changes: 1_000_000,
  directories: 300_000,
  unpackedBytes: 256 * GiB,
  ratio: 200,
  ratioFromBytes: GiB,
  zstdWindowBytes: 32 * MiB,
  zstdMovedBytes: 64 * GiB,
  zstdMovedRatio: 2048,
  images: 64,
  layers: 512,
  indexDepth: 4,
  steps: 50_000_000,
  links: 40,
  interpreters: 5,
  problems: 50,
  problemsOfOneCode: 5,
  samples: 10,
  textLength: 2048,
  items: 100
}
