import type { Facts, Hash, ImageKey } from './facts.ts'

/* Which image has exactly these layers, from the bottom up, to find what others are built on. Documents of them are among facts. */

/** An image by its layers. */
export interface LayerStack {
  container: string
  imageKey: ImageKey
  url: string
  /** ISO 8601: when the image was read. */
  read: string
}

/** As many layers as a loader takes. */
const maxLayers = 127

/** Returns the ids of the stacks that the lowest layer, the lowest two and so on make; the last one is the whole image's. */
export function stackIds(diffIds: readonly string[], hash: Hash): string[] {
  let id = 'layers'
  return diffIds.slice(0, maxLayers).map((diffId) => {
    id = hash(`${id}\n${diffId}`)
    return id
  })
}

/** Returns the diff ids of the layers of the image that facts are about; empty where a report does not tell. */
export function diffIdsOf({ report, config }: Pick<Facts, 'report' | 'config'>): string[] {
  const images = (report?.images ?? []) as { config?: { digest?: string } | null; layers?: { diffId?: string | null }[] }[]
  const image = images.length === 1 ? images[0] : images.find((one) => config !== null && one.config?.digest === config)
  const diffIds = (image?.layers ?? []).map(({ diffId }) => diffId)
  return diffIds.every((diffId) => typeof diffId === 'string') ? diffIds : []
}

/** Returns the stored form. It comes last among facts by `checked`, so that what looks at the oldest facts does not meet it. */
export const toStackDocument = ({ container, imageKey: slot, url, read }: LayerStack, id: string): string =>
  JSON.stringify({ id, container, slot, url, key: '', checked: '9999', read })

/** Undefined for what is no such document. */
export function fromStackDocument(document: string): LayerStack | undefined {
  const { container, slot, url, read } = JSON.parse(document) as { [name: string]: unknown }
  const isText = (value: unknown): value is string => typeof value === 'string'
  if (!isText(container) || !isText(slot) || !isText(url) || !isText(read)) return undefined
  return { container, imageKey: slot as ImageKey, url, read }
}

/** Returns the containers that a base image's name may mean: as it is, without its digest, without its registry and `library/`. */
export function containersNamed(base: string): string[] {
  const name = base.replace(/@sha256:[0-9a-f]{64}$/, '')
  const bare = name.replace(/^(?:localhost|[^/]*[.:][^/]*)\//, '')
  return [...new Set([name, bare, bare.replace(/^library\//, '')])].filter((one) => one !== '')
}
