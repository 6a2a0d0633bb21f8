import { readJson, stringOf } from '../../domain/json/json.ts'
import { itemsAt } from '../../domain/json/json-scan.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** More are not looked at: it is a warning. */
const maxSpecs = 20_000
const pageSize = 200

/** The ids of job specs that run in a container, or have it among their dependency images; at most so many. */
export async function specsNaming(jobSpecs: DocumentStore, { container, most }: { container: string; most: number }): Promise<string[]> {
  const found: string[] = []
  let cursor: string | undefined
  for (let seen = 0; seen < maxSpecs; seen += pageSize) {
    const { items, next } = await jobSpecs.list({ limit: pageSize, ...(cursor !== undefined && { cursor }) })
    for (const { id, document } of items) if (names(document, container)) found.push(id)
    if (next === undefined || found.length >= most) break
    cursor = next
  }
  return found.slice(0, most)
}

function names(document: string, container: string): boolean {
  const { members } = readJson(document)
  if (stringOf(members.get('container')) === container) return true
  const images = members.get('dependency_images')
  if (!images?.startsWith('[')) return false
  return itemsAt(images, 0).some(
    (image) => image.startsWith('{') && stringOf(readJson(image).members.get('container_image_name')) === container
  )
}
