import type { Compression } from './compression.ts'
import type { Role } from './decisive.ts'
import type { Excuse } from './foreign.ts'
import type { Format } from './found-image.ts'
import type { Problem } from './problems.ts'
import type { Verdict } from './verdict.ts'

/** What was found in an archive, in the shape of schemas/answers/image-report.json. The size of a report is limited. */
export interface ImageReport {
  verdict: Verdict
  summary: string
  /** The architecture that the caller claimed; null when each image's configuration was the claim. */
  claimed: string | null
  /** The architecture that the programs are for; null where they disagree. */
  architecture: string | null
  formats: Format[]
  tarball: {
    size: number
    sha256: string | null
    compression: Compression
    /** Size of the uncompressed tar, in bytes. */
    unpackedSize: number
    members: number
  }
  images: ImageFacts[]
  /** Digests of the indexes. */
  indexes: string[]
  /** Manifests that an index names and the archive does not hold. */
  absent: { digest: string; platform: string }[]
  problems: Problem[]
  problemsOmitted: number
  /** What the requested digest is the digest of. */
  digest?: DigestAnswer
  /** What the requested path is, in each image. */
  files?: FileAnswer[]
}

export interface ImageFacts {
  verdict: Verdict
  summary: string
  claimed: string | null
  architecture: string | null
  formats: Format[]
  config: ConfigFacts | null
  manifest: { digest: string; size: number; mediaType: string; derived: boolean; member: string | null; offset: number | null } | null
  tags: string[]
  base: { name: string | null; digest: string | null } | null
  layers: LayerFacts[]
  decisive: FileFacts[]
  census: CensusFacts
}

export interface ConfigFacts {
  digest: string
  size: number
  /** The member of the archive that holds it. */
  member: string
  /** Where the member's bytes begin in the uncompressed archive; null where they are not in one piece. */
  offset: number | null
  os: string | null
  architecture: string | null
  variant: string | null
  created: string | null
  author: string | null
  entrypoint: string[]
  command: string[]
  shell: string[]
  path: string | null
  workingDirectory: string | null
  user: string | null
  labels: Record<string, string>
}

export interface LayerFacts {
  name: string
  mediaType: string
  compression: Compression | null
  /** Of the member as it is in the archive. */
  digest: string | null
  size: number | null
  /** Of the uncompressed tar. */
  diffId: string | null
  unpackedSize: number | null
  /** The diff id that the configuration names. */
  configuredDiffId: string | null
  createdBy: string | null
  /** The member of the archive that holds it, links followed. */
  member: string | null
  offset: number | null
}

/** What one file is. */
export interface FileFacts {
  role: Role | null
  named: string
  path: string | null
  links: string[]
  kind: 'elf' | 'script' | 'data' | 'directory' | 'windows-executable' | 'macos-executable' | 'wasm-module' | 'absent'
  architecture: string | null
  type: string | null
  /** The loader of an ELF file, the `#!` line of a script. */
  interpreter: string | null
}

export interface CensusFacts {
  files: number
  machines: { architecture: string; files: number; samples: string[] }[]
  native: number
  foreign: { files: number; listed: { path: string; architecture: string; why: Excuse }[] }
  wrongLibraries: { files: number; samples: string[] }
  strays: { files: number; samples: string[] }
}

export interface DigestAnswer {
  given: string
  /** Empty when nothing in the archive has the digest. */
  matches: {
    what: 'tarball' | 'index' | 'manifest' | 'derived-manifest' | 'config' | 'layer' | 'diff-id' | 'absent'
    /** The index of the image in `images`. */
    image: number | null
    architecture: string | null
  }[]
}

export interface FileAnswer extends FileFacts {
  image: number
}
