import type { Upload } from '../../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { storageUrl } from '../../domain/image/storage.ts'
import type { ImageReport } from '../../images/image-report.ts'
import { reportOnProven } from '../../images/overall-verdict.ts'
import { overtaken, retryOvertaken } from '../jobs/compare-and-swap.ts'
import type { Precondition } from '../records/changes.ts'
import { countedBytes } from '../verification/readings.ts'
import type { ImageParts } from './parts.ts'
import { refuseStaleUpload } from './stale-uploads.ts'
import { checkProven, placeFor, registerTarball, type StoredTarball, type UploadedImage } from './tarball-uploads.ts'
import { refusalFrom, toNote, type UploadNote, type UploadResult } from './upload-notes.ts'

export type Completion = ReturnType<typeof createUploadCompletion>

/** An upload that is being completed. */
interface Proving {
  upload: Upload
  note: UploadNote
  /** Whether a client waits for it, perhaps since a while after it began; else the server completes it by itself. */
  requested: boolean
  ending: Promise<UploadNote>
  /** How many of its bytes have been read. */
  read: number
}

type CompletionContext = ImageParts & { stopped: AbortSignal }

/** What follows the last byte of an upload in pieces: proving, storing, registering, and noting how that ended. */
export function createUploadCompletion(parts: ImageParts) {
  const proving = new Map<string, Proving>()
  const stopped = new AbortController()
  const context = { ...parts, stopped: stopped.signal }

  return {
    /** Runs once at a time for each upload in this process. Two replicas may both run it, because every step is repeatable. */
    complete({ upload, note, requested }: Omit<Proving, 'ending' | 'read'>): Promise<UploadNote> {
      const running = proving.get(upload.id)
      if (running) {
        running.requested ||= requested
        return running.ending
      }
      const own: Proving = { upload, note, requested, ending: Promise.resolve(note), read: 0 }
      own.ending = complete(context, own).finally(() => proving.delete(upload.id))
      proving.set(upload.id, own)
      return own.ending
    },
    isUnderWay: (upload: string) => proving.has(upload),
    /** Returns how many bytes of an upload this process has read so far; undefined for one that it does not complete. */
    readOf: (upload: string) => proving.get(upload)?.read,
    /** Interrupts every completion; each can be asked for again. */
    async stop(): Promise<void> {
      stopped.abort()
      await Promise.allSettled([...proving.values()].map(({ ending }) => ending))
    }
  }
}

async function complete(context: CompletionContext, own: Proving): Promise<UploadNote> {
  const { upload, note } = own
  const ending = await prove(context, own).then(
    (result) => ({ result }),
    (error) => {
      const refusal = refusalFrom(error)
      if (!refusal) throw error
      return { refusal }
    }
  )
  const ended = { ...note, ...ending }
  await context.blobs.uploads.end(upload.id, toNote(ended)).catch((error) => {
    // removed with its bytes, because they are not what was stored: then only this answer tells
    if (!(isCatalogueError(error, 'upload_unknown') && ended.refusal)) throw error
  })
  return ended
}

async function prove(context: CompletionContext, own: Proving): Promise<UploadResult> {
  const { note } = own
  const { id, sha256, version, architecture, filename } = note
  const report = await inspect(context, own)
  const found = report.tarball.sha256!
  if (sha256 !== undefined && sha256 !== found) {
    throw new CatalogueError('digest_mismatch', `expected sha256:${sha256}, but the bytes are sha256:${found}; nothing was stored`)
  }
  checkProven(report, context)
  const claim = { version, architecture, filename, digest: undefined }
  const place = placeFor(report, { id, claim, before: await context.changes.find(id) })
  const { created, unchanged, revision } = await register(context, own, { place, report })
  const { verdict, summary } = report
  const { key, ...placed } = place
  return { ...placed, url: storageUrl(note.publicUrl, key), sha256: found, verdict, summary, created, unchanged, revision }
}

async function inspect(context: CompletionContext, own: Proving): Promise<ImageReport> {
  const { stopped, blobs } = context
  const { upload, note } = own
  const stream = await blobs.uploads.read(upload.id)
  const stop = () =>
    stream.destroy(new CatalogueError('store_unavailable', 'the server stops; the upload is kept, and can be asked for again'))
  if (stopped.aborted) stop()
  else stopped.addEventListener('abort', stop, { once: true })
  try {
    const { report } = await context.inspect(countedBytes(stream, own), { claimed: note.architecture, container: note.id })
    return reportOnProven(report, { container: note.id })
  } finally {
    stopped.removeEventListener('abort', stop)
    stream.destroy()
  }
}

/** An upload that a client asks for now is registered whatever there is; another one never in place of anything that came later. */
function register(parts: ImageParts, own: Proving, { place, report }: Pick<StoredTarball, 'place' | 'report'>): Promise<UploadedImage> {
  const { upload, note } = own
  const { id, publicUrl, cause } = note
  const url = storageUrl(publicUrl, place.key)
  let stored = upload.placed !== undefined

  async function refuseStale(): Promise<Precondition> {
    try {
      return await refuseStaleUpload(parts, { id, ...place, url, since: upload.touched })
    } catch (error) {
      if (stored && isCatalogueError(error, 'upload_overtaken')) await parts.removals.releaseTarballs(id, [url])
      throw error
    }
  }

  return retryOvertaken(async () => {
    const precondition = own.requested ? undefined : await refuseStale()
    try {
      await parts.blobs.uploads.finish(upload.id, { key: place.key, expected: { sha256: report.tarball.sha256! }, keep: true })
      stored = true
      return await registerTarball(parts, { id, place, report, publicUrl, cause, precondition })
    } catch (error) {
      if (precondition && isCatalogueError(error, 'precondition_failed')) return overtaken
      throw error
    }
  }, `${id} is changed by too many writers at once; try again`)
}
