import type { BlobSource, Upload } from '../../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { checkId } from '../../domain/limits.ts'
import type { ChangeContext } from '../records/image-records.ts'
import { versionOf } from './tarball-uploads.ts'
import { type CompletionParts, uploadCompletion } from './upload-completion.ts'
import { parseNote, toNote, type UploadClaim, type UploadNote, type UploadView, uploadView } from './upload-notes.ts'

export interface Piece {
  upload: string
  at: number
  source: BlobSource
  /** Ends the source early: somebody asks how far it came, which a connection that is long dead would never tell. */
  cut(): void
}

/** Tarballs that arrive in pieces, over hours and restarts; what the last piece completes is proven and registered. */
export interface ResumableUploads {
  /** Throws id_invalid, parameter_missing when nothing tells the version, store_full. */
  create(upload: UploadClaim & Pick<ChangeContext, 'publicUrl' | 'cause'> & { size: number }): Promise<UploadView>
  /** Throws upload_unknown, upload_expired. */
  get(upload: string): Promise<UploadView>
  /** The same, when what is arriving was let go of: the offset is where the next piece begins. */
  interrupt(upload: string): Promise<UploadView>
  /** Those of a container, or all. */
  list(filter: Partial<Pick<UploadClaim, 'id' | 'sha256'>>): Promise<UploadView[]>
  /**
   * Adds bytes. Throws upload_conflict when they do not begin where the upload ends, and what the upload is refused for: as often as it is
   * asked again. An empty piece at the end goes on with what was interrupted behind the last byte.
   */
  append(piece: Piece): Promise<UploadView>
  /** Throws upload_unknown. */
  discard(upload: string): Promise<void>
  /** Removes what has expired, and completes what nobody completed. How many. Throws store_unavailable. */
  tidy(options: { signal: AbortSignal; onError(error: unknown): void }): Promise<number>
  /** Lets go of what is arriving; it can go on later. */
  release(): Promise<void>
  /** Lets go of everything. */
  stop(): Promise<void>
}

/** A complete upload that nobody has touched for so long is not in the hands of another replica. */
const abandonedMs = 60_000

export interface ResumableParts extends CompletionParts {
  /** After so long without a byte an upload is removed, and so is the memory of one that has ended. */
  expiryMs: number
}

export function resumableUploads({ expiryMs, ...parts }: ResumableParts): ResumableUploads {
  const { now, records } = parts
  const { uploads } = parts.blobs
  const receiving = new Map<string, { cut(): void; done: Promise<unknown> }>()
  const completion = uploadCompletion(parts)

  const viewOf = (upload: Upload, note: UploadNote) => uploadView(upload, { note, expiryMs })
  const isExpired = ({ touched }: Upload) => touched.getTime() + expiryMs <= now().getTime()

  async function must(id: string): Promise<{ upload: Upload; note: UploadNote }> {
    const upload = await uploads.get(id)
    const note = upload && parseNote(upload.note)
    if (!note) throw unknown(id)
    if (isExpired(upload)) throw new CatalogueError('upload_expired', `upload ${id} has expired: nothing came for too long`)
    return { upload, note }
  }

  async function interrupt(id: string): Promise<void> {
    const running = receiving.get(id)
    running?.cut()
    await running?.done.catch(() => {})
  }

  const release = async () => void (await Promise.all([...receiving.keys()].map(interrupt)))

  async function receive({ upload: id, at, source, cut }: Piece): Promise<Upload> {
    const done = uploads.append({ id, at, source })
    const own = { cut, done }
    if (!receiving.has(id)) receiving.set(id, own)
    try {
      return await done
    } finally {
      if (receiving.get(id) === own) receiving.delete(id)
    }
  }

  return {
    async create({ size, ...note }) {
      checkId(note.id)
      versionOf(note.id, { said: note.version, before: await records.find(note.id) })
      return viewOf(await uploads.create({ size, note: toNote(note) }), note)
    },

    async get(id) {
      const { upload, note } = await must(id)
      return viewOf(upload, note)
    },

    async interrupt(id) {
      await interrupt(id)
      const { upload, note } = await must(id)
      return viewOf(upload, note)
    },

    async list({ id, sha256 }) {
      const found: UploadView[] = []
      for await (const upload of uploads.list()) {
        const note = parseNote(upload.note)
        if (!note || isExpired(upload)) continue
        if ((id === undefined || note.id === id) && (sha256 === undefined || note.sha256 === sha256)) found.push(viewOf(upload, note))
      }
      return found.sort((a, b) => b.created.getTime() - a.created.getTime())
    },

    async append(piece) {
      let { upload, note } = await must(piece.upload)
      const { offset, size = 0 } = upload
      if (piece.at !== offset) throw elsewhere(piece, offset)
      if (offset < size) upload = await receive(piece)
      if (!upload.ended && upload.offset === size) note = await completion.complete(upload, { note, asked: true })
      if (note.refusal) throw new CatalogueError(note.refusal.code, note.refusal.message)
      return viewOf(upload, note)
    },

    async discard(id) {
      await interrupt(id)
      if (completion.isUnderWay(id)) throw new CatalogueError('upload_conflict', `upload ${id} has come whole and is just being proven`)
      if (!(await uploads.discard(id))) throw unknown(id)
    },

    async tidy({ signal, onError }) {
      let done = 0
      const forget = now().getTime() - abandonedMs
      for await (const upload of uploads.list()) {
        const note = parseNote(upload.note)
        if (signal.aborted) break
        if (!note || receiving.has(upload.id) || completion.isUnderWay(upload.id)) continue
        const work = isExpired(upload)
          ? () => uploads.discard(upload.id)
          : !upload.ended &&
            upload.offset === upload.size &&
            upload.touched.getTime() < forget &&
            (() => completion.complete(upload, { note, asked: false }))
        if (!work) continue
        await work().then(
          () => done++,
          (error) => {
            // the store is away for the others as well
            if (isCatalogueError(error, 'store_unavailable')) throw error
            onError(error)
          }
        )
      }
      return done
    },

    release,

    async stop() {
      await release()
      await completion.stop()
    }
  }
}

const unknown = (id: string) =>
  new CatalogueError('upload_unknown', `there is no upload ${id.slice(0, 100)}: it was finished, discarded, or expired`)

const elsewhere = ({ upload, at }: Piece, offset: number) =>
  new CatalogueError('upload_conflict', `upload ${upload} has ${offset} bytes; a piece at ${at} cannot follow`)
