import type { ByteSource, Upload } from '../../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { checkId } from '../../domain/limits.ts'
import { createOpenUploads, type OpenUploads } from './open-uploads.ts'
import type { ImageParts } from './parts.ts'
import { versionOf } from './tarball-uploads.ts'
import { type Completion, createUploadCompletion } from './upload-completion.ts'
import { parseNote, toNote, type UploadNote, type UploadView, uploadView } from './upload-notes.ts'

export interface Piece {
  upload: string
  at: number
  source: ByteSource
  /** Ends the source early: another request asks how far it came, and a connection that is long dead would never tell. */
  cut(): void
}

interface NewResumableUpload extends Omit<UploadNote, 'result' | 'refusal'> {
  size: number
}

/** Tarballs that arrive in pieces, over hours and restarts. A complete one is inspected and registered. */
export interface ResumableUploads {
  /** Throws id_invalid, parameter_missing when nothing tells the version, store_full, uploads_exceeded, share_exceeded. */
  create(upload: NewResumableUpload): Promise<UploadView>
  /** Throws upload_unknown, upload_expired. */
  get(upload: string): Promise<UploadView>
  /** Interrupts the piece that is arriving, and returns the same: the offset is where the next piece begins. */
  interrupt(upload: string): Promise<UploadView>
  /** Returns the uploads of a container, or with these bytes, or all of them; the newest first. */
  list(filter: { id?: string; sha256?: string | undefined }): Promise<UploadView[]>
  /**
   * Adds bytes. Throws upload_conflict when they do not begin where the upload ends, and whatever the upload was refused for, each time
   * that it is asked. An empty piece at the end resumes what was interrupted after the last byte.
   */
  append(piece: Piece): Promise<UploadView>
  /** Throws upload_unknown. */
  discard(upload: string): Promise<void>
  /**
   * Removes expired uploads, and completes those that no client completes. Returns how many. Calls `onError` for one that cannot be
   * completed or removed, and goes on. Throws store_unavailable.
   */
  tidy(options: { signal: AbortSignal; onError(error: unknown): void }): Promise<number>
  open: Pick<OpenUploads, 'count' | 'awaited' | 'refused'>
  /** Interrupts every piece that is arriving. */
  release(): Promise<void>
  /** Interrupts every completion as well. */
  stop(): Promise<void>
}

/** After this time without a byte or a request, no other replica is completing an upload. */
const abandonedMs = 60_000
const dayMs = 24 * 3_600_000

interface NotedUpload {
  upload: Upload
  note: UploadNote
}

interface UploadsContext extends ImageParts {
  expiryMs: number
  completion: Completion
  open: OpenUploads
  /** The pieces that are arriving in this process, by upload. */
  receiving: Map<string, { cut(): void; done: Promise<unknown> }>
}

export function createResumableUploads(parts: ImageParts): ResumableUploads {
  const { changes, uploadExpiryMs: expiryMs = dayMs } = parts
  const { uploads } = parts.blobs
  const completion = createUploadCompletion(parts)
  const receiving: UploadsContext['receiving'] = new Map()
  const open = createOpenUploads({ uploads, ownerOf, isExpired: (upload) => isExpired({ expiryMs, now: parts.now }, upload) })
  const context: UploadsContext = { ...parts, expiryMs, receiving, completion, open }
  const viewOf = ({ upload, note }: NotedUpload) => uploadView(upload, { note, expiryMs, read: completion.readOf(upload.id) })
  const release = async () => void (await Promise.all([...receiving.keys()].map((id) => interrupt(context, id))))

  return {
    async create({ size, ...note }) {
      checkId(note.id)
      versionOf(note.id, { claimed: note.version, before: await changes.find(note.id) })
      const upload = await open.begin(clientIn(note), () => uploads.create({ size, note: toNote(note) }))
      return viewOf({ upload, note })
    },
    get: async (id) => viewOf(await existing(context, id)),
    async interrupt(id) {
      await interrupt(context, id)
      return viewOf(await existing(context, id))
    },
    async list({ id, sha256 }) {
      const found: UploadView[] = []
      for await (const upload of open.list()) {
        const note = parseNote(upload.note)
        if (!note || isExpired(context, upload)) continue
        if ((id === undefined || note.id === id) && (sha256 === undefined || note.sha256 === sha256)) found.push(viewOf({ upload, note }))
      }
      return found.sort((a, b) => b.created.getTime() - a.created.getTime())
    },
    append: async (piece) => viewOf(await append(context, piece)),
    async discard(id) {
      await interrupt(context, id)
      if (completion.isUnderWay(id)) throw new CatalogueError('upload_conflict', `upload ${id} is complete and is just being proven`)
      if (!(await uploads.discard(id))) throw unknown(id)
      open.gone(id)
    },
    tidy: ({ signal, onError }) => tidy(context, signal, onError),
    open,
    release,
    async stop() {
      await release()
      await completion.stop()
    }
  }
}

const clientIn = ({ client, cause }: Pick<UploadNote, 'client' | 'cause'>): string => client ?? cause.address ?? ''

const ownerOf = (upload: Upload): string | undefined => {
  const note = parseNote(upload.note)
  return note && clientIn(note)
}

const isExpired = ({ expiryMs, now }: Pick<UploadsContext, 'expiryMs' | 'now'>, { touched }: Upload): boolean =>
  touched.getTime() + expiryMs <= now().getTime()

async function existing(context: UploadsContext, id: string): Promise<NotedUpload> {
  const upload = await context.blobs.uploads.get(id)
  const note = upload && parseNote(upload.note)
  if (!note) throw unknown(id)
  if (isExpired(context, upload)) throw new CatalogueError('upload_expired', `upload ${id} has expired: no byte came for too long`)
  return { upload, note }
}

async function interrupt({ receiving }: UploadsContext, id: string): Promise<void> {
  const running = receiving.get(id)
  running?.cut()
  await running?.done.catch(() => {})
}

async function append(context: UploadsContext, piece: Piece): Promise<NotedUpload> {
  let { upload, note } = await existing(context, piece.upload)
  const { offset, size = 0 } = upload
  if (piece.at !== offset) {
    throw new CatalogueError('upload_conflict', `upload ${piece.upload} has ${offset} bytes; a piece at ${piece.at} cannot follow`)
  }
  if (offset < size) upload = await receive(context, piece)
  context.open.saw(upload)
  if (!upload.ended && upload.offset === size) note = await context.completion.complete({ upload, note, requested: true })
  if (note.refusal) throw new CatalogueError(note.refusal.code, note.refusal.message)
  return { upload, note }
}

async function receive({ blobs, receiving }: UploadsContext, { upload: id, at, source, cut }: Piece): Promise<Upload> {
  const done = blobs.uploads.append({ id, at, source })
  const own = { cut, done }
  if (!receiving.has(id)) receiving.set(id, own)
  try {
    return await done
  } finally {
    if (receiving.get(id) === own) receiving.delete(id)
  }
}

async function tidy(context: UploadsContext, signal: AbortSignal, onError: (error: unknown) => void): Promise<number> {
  let done = 0
  for await (const upload of context.open.list()) {
    if (signal.aborted) break
    const work = tidying(context, upload)
    if (!work) continue
    try {
      await work()
      done++
    } catch (error) {
      // the store is away for the others as well
      if (isCatalogueError(error, 'store_unavailable')) throw error
      onError(error)
    }
  }
  return done
}

/** Returns what is to be done about an upload, if anything. */
function tidying(context: UploadsContext, upload: Upload): (() => Promise<unknown>) | undefined {
  const { blobs, completion, receiving, now } = context
  const { id, ended, offset, size, touched } = upload
  const note = parseNote(upload.note)
  if (!note || receiving.has(id) || completion.isUnderWay(id)) return undefined
  if (isExpired(context, upload)) return () => blobs.uploads.discard(id)
  const abandoned = !ended && offset === size && touched.getTime() < now().getTime() - abandonedMs
  return abandoned ? () => completion.complete({ upload, note, requested: false }) : undefined
}

const unknown = (id: string) =>
  new CatalogueError('upload_unknown', `there is no upload ${id.slice(0, 100)}: it was finished, discarded, or expired`)
