import type { Upload, Uploads } from '../../blobs/blob-store.ts'
import { checkPlaces, type PlacesOptions } from '../jobs/places.ts'
import { parseNote } from './upload-notes.ts'

/** The uploads in pieces of which bytes are still to come, and whose they are. */
export interface OpenUploads {
  /** Runs what begins an upload, if the client may have one more. Throws uploads_exceeded, share_exceeded. */
  begin(client: string, work: () => Promise<Upload>): Promise<Upload>
  /** Notes how far an upload came. */
  saw(upload: Upload): void
  gone(id: string): void
  /** Yields all uploads, and notes those that are open: other replicas begin and end some. */
  list(): AsyncGenerator<Upload>
  count(): number
  /** How many bytes are still to come. */
  awaited(): number
  refused(): number
}

export interface OpenUploadsParts {
  uploads: Pick<Uploads, 'list'>
  isExpired(upload: Upload): boolean
}

const places: PlacesOptions = {
  most: 1000,
  what: 'uploads that are open',
  instead: 'complete or discard some (GET /api/v1/uploads lists them)',
  code: 'uploads_exceeded'
}

export function createOpenUploads({ uploads, isExpired }: OpenUploadsParts): OpenUploads {
  const open = new Map<string, { client: string; awaited: number }>()
  let loading: Promise<void> | undefined
  let [begun, refused] = [0, 0]

  function saw(upload: Upload): void {
    const { id, ended, offset, size = 0 } = upload
    const note = parseNote(upload.note)
    if (!note || ended || offset >= size || isExpired(upload)) open.delete(id)
    else open.set(id, { client: note.client ?? note.cause.address ?? '', awaited: size - offset })
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
  }

  function take(client: string): string {
    const own = [...open.values()].filter((one) => one.client === client).length
    try {
      checkPlaces(places, { taken: open.size, own, client })
    } catch (error) {
      refused++
      throw error
    }
    const place = `begun ${++begun}`
    open.set(place, { client, awaited: 0 })
    return place
  }

  return {
    async begin(client, work) {
      loading ??= load().catch((error) => {
        loading = undefined
        throw error
      })
      await loading
      const place = take(client)
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
