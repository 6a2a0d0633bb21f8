const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** All limits of an inspection. Archives come from strangers, so time, memory and output are all limited. */
export const defaultLimits = {
  /** Members of the archive itself, not counting the files in its layers. */
  members: 50_000,
  /** Size of a tar's extension header (PAX, GNU long name) or sparse map, in bytes. */
  extensionBytes: MiB,
  /** Length of a path, in characters; Linux accepts 4096 bytes. */
  pathLength: 4096,
  /** Size of one JSON document (manifest, configuration) and of all that are kept, in bytes. */
  documentBytes: 4 * MiB,
  documentsBytes: 16 * MiB,
  documentDepth: 64,
  /** Files, directories and links in all layers, and the total length of the names that are kept, in characters. */
  entries: 2_000_000,
  namesLength: 48 * MiB,
  /** Items held in memory: changes that layers make (directories, links, programs, runs of other files), and the directories of one image. */
  changes: 1_000_000,
  directories: 300_000,
  /** Bytes that all compressed streams may unpack to, in total and for each byte read; the ratio applies beyond `ratioFromBytes`. */
  unpackedBytes: 256 * GiB,
  ratio: 200,
  ratioFromBytes: GiB,
  /** Size of a zstd window, in bytes; `zstd -19` needs 8 MiB, `--ultra` and `--long` need more. */
  zstdWindowBytes: 32 * MiB,
  /** Bytes of zstd windows that may be moved: a minimum, and a number for each byte read. */
  zstdMovedBytes: 64 * GiB,
  zstdMovedRatio: 2048,
  /** Images, layers of one image, and the nesting depth of indexes. */
  images: 64,
  layers: 512,
  indexDepth: 4,
  /** Steps spent on combining layers and following links. */
  steps: 50_000_000,
  /** Symbolic links followed for one path, as on Linux. */
  links: 40,
  /** Script interpreters that are themselves scripts. */
  interpreters: 5,
  /** Contents of a report: problems in total and with one code, sample paths, characters of a text, items of a list. */
  problems: 50,
  problemsOfOneCode: 5,
  samples: 10,
  textLength: 2048,
  items: 100
}

export type ImageLimits = typeof defaultLimits
