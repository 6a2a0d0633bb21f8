import { readJson, stringOf } from '../../domain/json/json.ts'
import { itemsAt } from '../../domain/json/json-scan.ts'
import { pagesOf } from '../../domain/pages.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** Further ones are not searched: what is found is only a warning. */
const maxSpecs = 20_000
const pageSize = 200

/** Returns the ids of the first job specifications that run in a container, or have it among their dependency images. */
export async function specsNaming(jobSpecs: DocumentStore, { container, most }: { container: string; most: number }): Promise<string[]> {
  const found: string[] = []
  let seen = 0
  for await (const { items } of pagesOf(jobSpecs.list, { limit: pageSize })) {
    for (const { id, document } of items) if (names(document, container)) found.push(id)
    seen += items.length
    if (seen >= maxSpecs || found.length >= most) break
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
