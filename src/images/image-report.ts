import type { Compression } from './compression.ts'
import type { Role } from './decisive.ts'
import type { Excuse } from './foreign.ts'
import type { Format } from './found-image.ts'
import type { Problem } from './problems.ts'
import type { Verdict } from './verdict.ts'

/** What was found in an archive. The shape on the wire, schemas/image-report.json, is this one; every report is of bounded size. */
export interface ImageReport {
  verdict: Verdict
  summary: string
  /** The architecture that was claimed by who asked; null when the images' own configurations were the claim. */
  claimed: string | null
  /** What the bytes are for, where they agree. */
  architecture: string | null
  formats: Format[]
  tarball: {
    size: number
    sha256: string | null
    compression: Compression
    /** Of the tar, when it was compressed: its SHA-256 is not taken. */
    unpackedSize: number
    members: number
  }
  images: ImageFacts[]
  /** Digests of indexes, and of what the archive names without holding it. */
  indexes: string[]
  absent: { digest: string; platform: string }[]
  problems: Problem[]
  problemsOmitted: number
  /** What a digest that was asked for is. */
  digest?: DigestAnswer
  /** What a path that was asked for is, in each image. */
  files?: FileAnswer[]
}

export interface ImageFacts {
  verdict: Verdict
  summary: string
  claimed: string | null
  architecture: string | null
  formats: Format[]
  config: ConfigFacts | null
  manifest: { digest: string; size: number; mediaType: string; derived: boolean; member: string | null } | null
  tags: string[]
  base: { name: string | null; digest: string | null } | null
  layers: LayerFacts[]
  decisive: FileFacts[]
  census: CensusFacts
}

export interface ConfigFacts {
  digest: string
  size: number
  /** Which member of the archive it is. */
  member: string
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
  /** Of the member as it stands in the archive. */
  digest: string | null
  size: number | null
  /** Of the tar within, as the bytes are, and as the configuration says. */
  diffId: string | null
  unpackedSize: number | null
  configuredDiffId: string | null
  createdBy: string | null
  /** Which member of the archive it is, links followed. */
  member: string | null
}

/** One file, and what it is. */
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
  /** Empty when nothing in the archive has this digest. */
  matches: {
    what: 'tarball' | 'index' | 'manifest' | 'derived-manifest' | 'config' | 'layer' | 'diff-id' | 'absent'
    /** Which image's, by its place in `images`. */
    image: number | null
    architecture: string | null
  }[]
}

export interface FileAnswer extends FileFacts {
  image: number
}
