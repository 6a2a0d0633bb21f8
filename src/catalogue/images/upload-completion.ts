import type { Upload } from '../../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../../domain/errors.ts'
import { storageUrl } from '../../domain/image/storage.ts'
import type { ImageReport } from '../../images/image-report.ts'
import { reportOnProven } from '../../images/overall-verdict.ts'
import type { StaleUploadGuard } from './stale-uploads.ts'
import { checkProven, placeOf, registerTarball, type Uploaded, type UploadParts, type UploadPlace } from './tarball-uploads.ts'
import { refusalFrom, toNote, type UploadNote, type UploadResult } from './upload-notes.ts'

/** What comes behind the last byte of an upload in pieces: proving, storing, registering, and remembering how that ended. */
export interface Completion {
  /** Once at a time in this process; of two replicas both may do it, as each step may be repeated. */
  complete(upload: Upload, options: { note: UploadNote; asked: boolean }): Promise<UploadNote>
  isUnderWay(upload: string): boolean
  /** Lets go of everything; it can be asked for again. */
  stop(): Promise<void>
}

export interface CompletionParts extends UploadParts {
  refuseStale: StaleUploadGuard
  /** A tarball that was stored, and is registered nowhere. */
  releaseTarballs(id: string, urls: readonly string[]): Promise<unknown>
}

interface Proving {
  ending: Promise<UploadNote>
  /** Whether somebody waits for it: else the server does it by itself. */
  asked: boolean
}

/** Somebody else wrote in between. */
const maxAttempts = 10

export function uploadCompletion(parts: CompletionParts): Completion {
  const { records } = parts
  const { uploads } = parts.blobs
  const proving = new Map<string, Proving>()
  const stopped = new AbortController()

  const complete: Completion['complete'] = (upload, { note, asked }) => {
    const running = proving.get(upload.id)
    if (running) {
      running.asked ||= asked
      return running.ending
    }
    const mine: Proving = { asked, ending: Promise.resolve(note) }
    mine.ending = settle(upload, { note, mine }).finally(() => proving.delete(upload.id))
    proving.set(upload.id, mine)
    return mine.ending
  }

  async function settle(upload: Upload, { note, mine }: { note: UploadNote; mine: Proving }): Promise<UploadNote> {
    const { id } = upload
    const ending = await prove(upload, { note, mine }).then(
      (result) => ({ result }),
      (error) => {
        const refusal = refusalFrom(error)
        if (!refusal) throw error
        return { refusal }
      }
    )
    const ended = { ...note, ...ending }
    await uploads.end(id, toNote(ended)).catch((error) => {
      // removed with its bytes, because they are not what had come: then only this answer tells
      if (!(isCatalogueError(error, 'upload_unknown') && ended.refusal)) throw error
    })
    return ended
  }

  async function prove(upload: Upload, { note, mine }: { note: UploadNote; mine: Proving }): Promise<UploadResult> {
    const { publicUrl, cause: _, ...claim } = note
    const { id, sha256 } = claim
    const report = await inspected(upload.id, note)
    const found = report.tarball.sha256!
    if (sha256 !== undefined && sha256 !== found) {
      throw new CatalogueError('digest_mismatch', `expected sha256:${sha256}, but the bytes are sha256:${found}; nothing was stored`)
    }
    checkProven(report, parts)
    const place = placeOf(report, { id, said: { ...claim, digest: undefined }, before: await records.find(id) })
    const { created, unchanged, revision } = await registered(upload, { note, mine, place, report })
    const { verdict, summary } = report
    const { key, ...placed } = place
    return { ...placed, url: storageUrl(publicUrl, key), sha256: found, verdict, summary, created, unchanged, revision }
  }

  async function inspected(upload: string, { id, architecture }: UploadNote): Promise<ImageReport> {
    const stream = await uploads.read(upload)
    const stop = () =>
      stream.destroy(new CatalogueError('store_unavailable', 'the server stops; the upload is kept, and can be asked for again'))
    if (stopped.signal.aborted) stop()
    else stopped.signal.addEventListener('abort', stop, { once: true })
    try {
      const { report } = await parts.inspect(stream, { claimed: architecture, container: id })
      return reportOnProven(report, { container: id })
    } finally {
      stopped.signal.removeEventListener('abort', stop)
      stream.destroy()
    }
  }

  /** What somebody asks for now is registered over whatever stands there; what nobody asks for any more, over nothing that came later. */
  async function registered(
    { id: upload, touched: since, placed }: Upload,
    { note, mine, place, report }: { note: UploadNote; mine: Proving; place: UploadPlace; report: ImageReport }
  ): Promise<Uploaded> {
    const { id, publicUrl, cause } = note
    const url = storageUrl(publicUrl, place.key)
    let stored = placed !== undefined
    for (let attempts = 1; ; attempts++) {
      const precondition = mine.asked ? undefined : await parts.refuseStale(id, { ...place, url, since }).catch(overtaken)
      try {
        await uploads.finish(upload, { key: place.key, expected: { sha256: report.tarball.sha256! }, keep: true })
        stored = true
        return await registerTarball(parts, { id, place, report, publicUrl, cause, precondition })
      } catch (error) {
        if (!precondition || !isCatalogueError(error, 'precondition_failed')) throw error
        if (attempts === maxAttempts)
          throw new CatalogueError('revision_conflict', `${id} is changed by too many at once`, { cause: error })
      }
    }

    async function overtaken(error: unknown): Promise<never> {
      if (stored && isCatalogueError(error, 'upload_overtaken')) await parts.releaseTarballs(id, [url])
      throw error
    }
  }

  return {
    complete,
    isUnderWay: (upload) => proving.has(upload),
    async stop() {
      stopped.abort()
      await Promise.allSettled([...proving.values()].map(({ ending }) => ending))
    }
  }
}
