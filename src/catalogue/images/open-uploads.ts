import type { Upload, Uploads } from '../../blobs/blob-store.ts'
import { type PlacesOptions, placeRefusal } from '../jobs/places.ts'

export type OpenUploads = ReturnType<typeof createOpenUploads>

interface OpenUploadsParts {
  uploads: Pick<Uploads, 'list'>
  /** Returns the client that an upload belongs to; undefined for one that does not count. */
  ownerOf(upload: Upload): string | undefined
  isExpired(upload: Upload): boolean
}

const places: PlacesOptions = {
  most: 1000,
  what: 'uploads that are open',
  instead: 'complete or discard some (GET /api/v1/uploads lists those of tarballs)',
  code: 'uploads_exceeded'
}

/** How often, at most, uploads are listed again before a client is refused: some may have ended on other replicas. */
const lookMs = 60_000

/** The unfinished uploads of one kind, with their owners. */
export function createOpenUploads(parts: OpenUploadsParts) {
  const open: OpenById = new Map()
  let loading: Promise<void> | undefined
  let loadedAt = 0
  let [begun, refused] = [0, 0]

  async function load(): Promise<void> {
    for await (const _ of listed(parts, open));
    loadedAt = performance.now()
  }

  function loaded(): Promise<void> {
    loading ??= load().catch((error) => {
      loading = undefined
      throw error
    })
    return loading
  }

  /** Returns the id of the place, which is the upload's until it has one of its own. */
  async function take(client: string): Promise<string> {
    await loaded()
    if (refusalOf(open, client) && performance.now() - loadedAt >= lookMs) {
      loading = undefined
      await loaded()
    }
    const refusal = refusalOf(open, client)
    if (refusal) {
      refused++
      throw refusal
    }
    const place = `begun ${++begun}`
    open.set(place, { client, awaited: 0 })
    return place
  }

  return {
    /** Runs `work`, which begins an upload, if the client may have another one. Throws uploads_exceeded, share_exceeded. */
    async begin(client: string, work: () => Promise<Upload>): Promise<Upload> {
      const place = await take(client)
      try {
        const upload = await work()
        note(parts, open, upload)
        return upload
      } finally {
        open.delete(place)
      }
    },
    /** Notes how far an upload came. */
    saw: (upload: Upload): void => note(parts, open, upload),
    gone: (id: string): void => void open.delete(id),
    /** Yields all uploads, and notes those that are open: other replicas begin and end some. */
    list: () => listed(parts, open),
    count: () => open.size,
    /** Returns how many bytes are still missing, of the uploads whose size is known. */
    awaited: () => [...open.values()].reduce((sum, { awaited }) => sum + awaited, 0),
    refused: () => refused
  }
}

type OpenById = Map<string, { client: string; awaited: number }>

function refusalOf(open: OpenById, client: string): Error | undefined {
  const own = [...open.values()].filter((one) => one.client === client).length
  return placeRefusal(places, { taken: open.size, own, client })
}

/** Notes how far an upload came, or that it has ended. */
function note({ ownerOf, isExpired }: OpenUploadsParts, open: OpenById, upload: Upload): void {
  const { id, ended, offset, size = Number.POSITIVE_INFINITY } = upload
  const client = ownerOf(upload)
  if (client === undefined || ended || offset >= size || isExpired(upload)) open.delete(id)
  else open.set(id, { client, awaited: Number.isFinite(size) ? size - offset : 0 })
}

async function* listed(parts: OpenUploadsParts, open: OpenById): AsyncGenerator<Upload> {
  const unseen = new Set(open.keys())
  for await (const upload of parts.uploads.list()) {
    unseen.delete(upload.id)
    note(parts, open, upload)
    yield upload
  }
  for (const id of unseen) open.delete(id)
}
