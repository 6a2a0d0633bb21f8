import type { BlobSource, Upload } from '../blobs/blob-store.ts'
import { CatalogueError, isCatalogueError } from '../domain/errors.ts'
import { checkId } from '../domain/limits.ts'
import { storageUrl } from '../domain/storage.ts'
import type { ImageReport } from '../images/image-report.ts'
import type { NotOvertaken } from './overtaking.ts'
import type { Circumstances } from './records.ts'
import { checkProven, type Place, placeOf, registerTarball, type Uploaded, type UploadParts, versionOf } from './tarball-uploads.ts'
import {
  parseNote,
  refusalFrom,
  toNote,
  type UploadClaim,
  type UploadNote,
  type UploadResult,
  type UploadView,
  uploadView
} from './upload-notes.ts'

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
  create(upload: UploadClaim & Pick<Circumstances, 'publicUrl' | 'cause'> & { size: number }): Promise<UploadView>
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

interface Proving {
  ending: Promise<UploadNote>
  /** Whether somebody waits for it: else the server does it by itself. */
  asked: boolean
}

/** A complete upload that nobody has touched for so long is not in the hands of another replica. */
const abandonedMs = 60_000

/** Somebody else wrote in between. */
const maxAttempts = 10

export interface ResumableParts extends UploadParts {
  notOvertaken: NotOvertaken
  /** A tarball that was stored, and is registered nowhere. */
  letGo(id: string, urls: readonly string[]): Promise<unknown>
  /** After so long without a byte an upload is removed, and so is the memory of one that has ended. */
  expiryMs: number
}

export function resumableUploads({ expiryMs, ...parts }: ResumableParts): ResumableUploads {
  const { now, records } = parts
  const { uploads } = parts.blobs
  const receiving = new Map<string, { cut(): void; done: Promise<unknown> }>()
  const proving = new Map<string, Proving>()
  const stopped = new AbortController()

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

  /** Once at a time in this process; of two replicas both may do it, as each step may be repeated. */
  function complete(upload: Upload, { note, asked }: { note: UploadNote; asked: boolean }): Promise<UploadNote> {
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

  async function inspected(upload: string, { architecture }: UploadNote): Promise<ImageReport> {
    const stream = await uploads.read(upload)
    const stop = () =>
      stream.destroy(new CatalogueError('store_unavailable', 'the server stops; the upload is kept, and can be asked for again'))
    stopped.signal.addEventListener('abort', stop, { once: true })
    try {
      return (await parts.inspect(stream, { claimed: architecture })).report
    } finally {
      stopped.signal.removeEventListener('abort', stop)
      stream.destroy()
    }
  }

  /** What somebody asks for now is registered over whatever stands there; what nobody asks for any more, over nothing that came later. */
  async function registered(
    { id: upload, touched: since, placed }: Upload,
    { note, mine, place, report }: { note: UploadNote; mine: Proving; place: Place; report: ImageReport }
  ): Promise<Uploaded> {
    const { id, publicUrl, cause } = note
    const url = storageUrl(publicUrl, place.key)
    let stored = placed !== undefined
    for (let attempts = 1; ; attempts++) {
      const precondition = mine.asked ? undefined : await parts.notOvertaken(id, { ...place, url, since }).catch(overtaken)
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
      if (stored && isCatalogueError(error, 'upload_overtaken')) await parts.letGo(id, [url])
      throw error
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
      if (!upload.ended && upload.offset === size) note = await complete(upload, { note, asked: true })
      if (note.refusal) throw new CatalogueError(note.refusal.code, note.refusal.message)
      return viewOf(upload, note)
    },

    async discard(id) {
      await interrupt(id)
      if (proving.has(id)) throw new CatalogueError('upload_conflict', `upload ${id} has come whole and is just being proven`)
      if (!(await uploads.discard(id))) throw unknown(id)
    },

    async tidy({ signal, onError }) {
      let done = 0
      const forget = now().getTime() - abandonedMs
      for await (const upload of uploads.list()) {
        const note = parseNote(upload.note)
        if (signal.aborted) break
        if (!note || receiving.has(upload.id) || proving.has(upload.id)) continue
        const work = isExpired(upload)
          ? () => uploads.discard(upload.id)
          : !upload.ended &&
            upload.offset === upload.size &&
            upload.touched.getTime() < forget &&
            (() => complete(upload, { note, asked: false }))
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
      stopped.abort()
      await release()
      await Promise.allSettled([...proving.values()].map(({ ending }) => ending))
    }
  }
}

const unknown = (id: string) =>
  new CatalogueError('upload_unknown', `there is no upload ${id.slice(0, 100)}: it was finished, discarded, or expired`)

const elsewhere = ({ upload, at }: Piece, offset: number) =>
  new CatalogueError('upload_conflict', `upload ${upload} has ${offset} bytes; a piece at ${at} cannot follow`)
