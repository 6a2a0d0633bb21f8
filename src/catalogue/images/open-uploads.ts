import type { Upload, Uploads } from '../../blobs/blob-store.ts'
import { checkPlaces, type PlacesOptions } from '../jobs/places.ts'

/** The uploads of one kind of which bytes are still to come, and whose they are. */
export interface OpenUploads {
  /** Runs what begins an upload, if the client may have one more. Throws uploads_exceeded, share_exceeded. */
  begin(client: string, work: () => Promise<Upload>): Promise<Upload>
  /** Notes how far an upload came. */
  saw(upload: Upload): void
  gone(id: string): void
  /** Yields all uploads, and notes those that are open: other replicas begin and end some. */
  list(): AsyncGenerator<Upload>
  count(): number
  /** How many bytes are still to come, of those whose size is known. */
  awaited(): number
  refused(): number
}

export interface OpenUploadsParts {
  uploads: Pick<Uploads, 'list'>
  /** Whose upload it is; undefined for one that is not counted here. */
  ownerOf(upload: Upload): string | undefined
  isExpired(upload: Upload): boolean
}

const places: PlacesOptions = {
  most: 1000,
  what: 'uploads that are open',
  instead: 'complete or discard some (GET /api/v1/uploads lists those of tarballs)',
  code: 'uploads_exceeded'
}

/** Before a client is refused, uploads that ended elsewhere are looked for, but no more often than this. */
const lookMs = 60_000

export function createOpenUploads({ uploads, ownerOf, isExpired }: OpenUploadsParts): OpenUploads {
  const open = new Map<string, { client: string; awaited: number }>()
  let loading: Promise<void> | undefined
  let loadedAt = 0
  let [begun, refused] = [0, 0]

  function saw(upload: Upload): void {
    const { id, ended, offset, size = Number.POSITIVE_INFINITY } = upload
    const client = ownerOf(upload)
    if (client === undefined || ended || offset >= size || isExpired(upload)) open.delete(id)
    else open.set(id, { client, awaited: Number.isFinite(size) ? size - offset : 0 })
  }

  async function* list(): AsyncGenerator<Upload> {
    const unseen = new Set(open.keys())
    for await (const upload of uploads.list()) {
      unseen.delete(upload.id)
      saw(upload)
      yield upload
    }
    for (const id of unseen) open.delete(id)
  }

  async function load(): Promise<void> {
    for await (const _ of list());
    loadedAt = performance.now()
  }

  const loaded = () => {
    loading ??= load().catch((error) => {
      loading = undefined
      throw error
    })
    return loading
  }

  function check(client: string): void {
    const own = [...open.values()].filter((one) => one.client === client).length
    checkPlaces(places, { taken: open.size, own, client })
  }

  async function take(client: string): Promise<string> {
    await loaded()
    try {
      check(client)
    } catch (error) {
      refused++
      if (performance.now() - loadedAt < lookMs) throw error
      loading = undefined
      await loaded()
      check(client)
      refused--
    }
    const place = `begun ${++begun}`
    open.set(place, { client, awaited: 0 })
    return place
  }

  return {
    async begin(client, work) {
      const place = await take(client)
      try {
        const upload = await work()
        saw(upload)
        return upload
      } finally {
        open.delete(place)
      }
    },
    saw,
    gone: (id) => void open.delete(id),
    list,
    count: () => open.size,
    awaited: () => [...open.values()].reduce((sum, { awaited }) => sum + awaited, 0),
    refused: () => refused
  }
}
