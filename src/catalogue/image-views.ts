import { type Architecture, inTableOrder } from '../domain/architecture.ts'
import type { Record } from '../domain/document.ts'
import type { Facts, Slot, Verdict } from '../domain/facts.ts'

/** One image as the API shows it. */
export interface ImageView {
  architecture: Architecture
  url: string
  /** What who registered it said, else that of its configuration; null when neither is known. */
  digest: string | null
  size: number | null
  verdict: Verdict
  /** The verdict in words. */
  summary: string | null
  /** What the bytes are for, where they agree. */
  proven: Architecture | null
  sha256: string | null
  config: string | null
  manifest: string | null
  status: 'present' | 'gone' | 'unreachable' | 'unknown'
  checked: string | null
}

export interface ContainerView {
  id: string
  version: string | null
  url: string | null
  digest: string | null
  images: { [architecture: string]: ImageView }
  revision: string
}

export function imageView(architecture: Architecture, { url, facts }: { url: string; facts: Facts | undefined }): ImageView {
  return {
    architecture,
    url,
    digest: facts?.given ?? facts?.config ?? null,
    size: facts?.size ?? null,
    verdict: facts?.verdict ?? 'unverified',
    summary: facts?.summary || null,
    proven: facts?.architecture ?? null,
    sha256: facts?.sha256 ?? null,
    config: facts?.config ?? null,
    manifest: facts?.manifest ?? null,
    status: facts?.status ?? 'unknown',
    checked: facts?.checked ?? null
  }
}

export function containerView(record: Record, { known, revision }: { known: ReadonlyMap<Slot, Facts>; revision: string }): ContainerView {
  const images = inTableOrder(record.images.keys()).map((architecture): [string, ImageView] => [
    architecture,
    imageView(architecture, { url: record.images.get(architecture)!, facts: known.get(architecture) })
  ])
  const { id, version = null, url = null, digest = null } = record
  return { id, version, url, digest, images: Object.fromEntries(images), revision }
}
