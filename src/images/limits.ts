const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** All limits of an inspection. Archives come from strangers, so time, memory and output are all limited. */
export interface ImageLimits {
  /** Members of the archive itself, not counting the files in its layers. */
  members: number
  /** Size of a tar's extension header (PAX, GNU long name) or sparse map, in bytes. */
  extensionBytes: number
  /** Length of a path, in characters; Linux accepts 4096 bytes. */
  pathLength: number
  /** Size of one JSON document (manifest, configuration) and of all that are kept, in bytes. */
  documentBytes: number
  documentsBytes: number
  documentDepth: number
  /** Files, directories and links in all layers, and the total length of the names that are kept, in characters. */
  entries: number
  namesLength: number
  /** What takes memory one by one: changes made by layers (directories, links, programs, runs of other files), and directories of one image. */
  changes: number
  directories: number
  /** Bytes that all compressed streams may unpack to, in total and for each byte read; the ratio applies beyond `ratioFromBytes`. */
  unpackedBytes: number
  ratio: number
  ratioFromBytes: number
  /** Size of a zstd window, in bytes; `zstd -19` needs 8 MiB, `--ultra` and `--long` need more. */
  zstdWindowBytes: number
  /** Bytes of zstd windows that may be moved: a minimum, and a number for each byte read. */
  zstdMovedBytes: number
  zstdMovedRatio: number
  /** Images, layers of one image, and the nesting depth of indexes. */
  images: number
  layers: number
  indexDepth: number
  /** Steps spent on combining layers and following links. */
  steps: number
  /** Symbolic links followed for one path, as on Linux. */
  links: number
  /** Script interpreters that are themselves scripts. */
  interpreters: number
  /** Contents of a report: problems in total and with one code, sample paths, characters of a text, items of a list. */
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
