import { type Facts, fromFactsDocument } from '../../src/domain/image/facts.ts'
import { asArchitectureName } from '../../src/domain/json/reading.ts'
import type { StoredDocument, Stores } from '../../src/stores/document-store.ts'

/** Facts about an image that somebody registered by URL; a test names what matters to it. */
export const someFacts = (
  given: Partial<Omit<Facts, 'imageKey' | 'architecture'>> & { imageKey?: string; architecture?: string | null }
): Facts => ({
  container: 'hello:1',
  url: 's3://b/hello.tar',
  digest: 'sha256:1',
  verdict: 'match',
  summary: 'in words',
  size: 10,
  sha256: 'a'.repeat(64),
  given: null,
  config: null,
  manifest: null,
  key: null,
  etag: null,
  modified: null,
  status: 'present',
  checked: '2026-01-02T03:04:05.000Z',
  by: 'verification',
  report: null,
  ...given,
  imageKey: asArchitectureName(given.imageKey ?? null) ?? '',
  architecture: asArchitectureName(given.architecture ?? null)
})

/** The documents of facts in a store, without those that find an image by its layers. */
export async function factsDocuments({ facts }: Pick<Stores, 'facts'>): Promise<StoredDocument[]> {
  const { items } = await facts.list({ limit: 100 })
  return items.filter(({ document }) => fromFactsDocument(document) !== undefined)
}
