import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { own } from '../../domain/own.ts'
import { type Pause, patiently } from '../../registries/patience.ts'
import type { ResumableUpload, Uploads } from '../../schemas.ts'
import { type Api, type ApiError, findContainer, isAway, pathOf } from '../client/api.ts'
import { unreachable } from '../client/http-client.ts'
import { createProgress, type Progress, percent } from '../terminal/progress.ts'
import type { PushFile } from './push-file.ts'
import { waits } from './register.ts'

interface PushOptions {
  id: string
  version: string | undefined
  file: PushFile
  /** How long to keep trying without progress. */
  patienceMs: number
  /** Called when there is an upload that can be continued later. */
  onBegun(): void
}

export interface Pushed {
  file: string
  architecture: string
  version: string | null
  sha256: string
  size: number
  url: string
  verdict: string
  summary: string
  /** The server had it already. */
  unchanged: boolean
  /** It waits to be published with the others. */
  waits: boolean
  /** How many bytes had arrived in an earlier attempt. */
  resumed: number
}

const tus = { 'tus-resumable': '1.0.0' }
const octets = 'application/offset+octet-stream'
/** How long the server may take to read a complete tarball before it is asked again. */
const provingMs = 300_000

/** Uploads one tarball, over as many connections as it takes. Throws an ApiError. */
export async function pushFile(api: Api, push: PushOptions): Promise<Pushed> {
  const { id, file, patienceMs } = push
  const patience = { patienceMs, mayPass: isPassing }
  const present = await patiently(patience, () => presentImage(api, push))
  if (present) return present
  const begun = await patiently(patience, () => begin(api, push))
  push.onBegun()
  const from = begun.offset
  const then = 'all is sent, and the server reads it'
  const progress = createProgress({ what: `${file.name}: sending`, total: file.size, from, then, stream: process.stderr, now: Date.now })
  if (from > 0) progress.note(`${file.name}: continues at ${percent(from, file.size)}`)
  try {
    const { result } = await complete(api, { file, patienceMs, begun, progress })
    const { architecture, version, url, verdict, summary, unchanged } = result!
    const container = await findContainer(api, id)
    const waiting = container !== undefined && waits(container, { architecture, url })
    return { ...described(file), architecture, version, url, verdict, summary, unchanged, waits: waiting, resumed: from }
  } finally {
    progress.end()
  }
}

const described = ({ path, sha256, size }: PushFile) => ({ file: path, sha256, size })

/** When the server has the tarball already, registers it again, which ends the build of it, and sends nothing. */
async function presentImage(api: Api, { file, id, version }: PushOptions): Promise<Pushed | undefined> {
  const container = await findContainer(api, id)
  if (!container) return undefined
  const image = own(container.images, file.architecture)
  if (image?.sha256 !== file.sha256 || image.status !== 'present' || image.verdict === 'unverified') return undefined
  if (version !== undefined && version !== container.version) return undefined
  const { architecture, url, verdict, summary } = image
  const headers = { 'if-match': `"${container.revision}"` }
  const path = pathOf`/api/v1/containers/${id}/images/${architecture}`
  const again = await api.answer({ method: 'PUT', path, headers, body: { url }, statuses: [412] })
  // the container was changed in between
  if (again.status === 412) return undefined
  const registered = { architecture, version: container.version, url, verdict, summary: summary ?? '' }
  return { ...described(file), ...registered, unchanged: true, waits: false, resumed: 0 }
}

/** Returns an unfinished upload of the same tarball, or a new one. */
async function begin(api: Api, { file, id, version }: PushOptions): Promise<ResumableUpload> {
  const { items } = await api.ask<Uploads>({ path: '/api/v1/uploads', query: { id, sha256: file.sha256 } })
  const unfinished = items.find(
    (upload) =>
      (upload.state === 'arriving' || upload.state === 'proving') &&
      upload.architecture === file.architecture &&
      upload.size === file.size &&
      upload.version === (version ?? null)
  )
  if (unfinished) return unfinished
  const metadata = { id, architecture: file.architecture, ...(version !== undefined && { version }), sha256: file.sha256 }
  const pairs = Object.entries(metadata).map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
  const headers = { ...tus, 'upload-length': String(file.size), 'upload-metadata': pairs.join(','), 'content-length': '0' }
  const answer = await api.answer({ method: 'POST', path: '/api/v1/uploads', headers })
  return lookUp(api, answer.headers.location?.split('/').at(-1) ?? '')
}

const lookUp = (api: Api, upload: string) => api.ask<ResumableUpload>({ path: pathOf`/api/v1/uploads/${upload}` })

type Completing = Pick<PushOptions, 'file' | 'patienceMs'> & { begun: ResumableUpload; progress: Progress }

/** Sends what is missing until the server has registered or refused the tarball. Any progress renews the patience. */
async function complete(api: Api, { file, begun, progress, patienceMs }: Completing): Promise<ResumableUpload> {
  let upload = begun
  let failed = false
  let lost = false
  let conflicts = 0
  let farthest = begun.offset
  const tell = ({ pauseMs, why }: Pause) => progress.note(`${file.name}: ${why}; trying again in ${pauseMs / 1000} s`)
  return patiently({ patienceMs, mayPass: isPassing, tell }, async (renew) => {
    const learn = (found: ResumableUpload) => {
      upload = found
      if (found.offset > farthest) conflicts = 0
      if (found.offset > farthest || found.state === 'proving') renew()
      farthest = Math.max(farthest, found.offset)
    }
    if (failed) {
      const found = lookUp(api, begun.upload).catch((again) => {
        if (isPassing(again)) return upload
        throw again
      })
      learn(await found)
    }
    try {
      for (;;) {
        if (upload.state === 'registered') return upload
        if (upload.state === 'refused') throw refused(upload)
        const offset = lost ? await offsetOf(api, begun.upload) : upload.offset
        await sendFrom(api, offset, { file, begun, progress })
        learn(await lookUp(api, begun.upload))
      }
    } catch (error) {
      failed = true
      // repeated conflicts without progress: the server still waits on the connection of a machine that went down
      conflicts = isConflict(error as ApiError) ? conflicts + 1 : 0
      lost = (error as ApiError).code === unreachable || conflicts >= 2
      throw error
    }
  })
}

const refused = ({ refusal }: ResumableUpload): ApiError => Object.assign(new Error(refusal!.detail), { status: 422 })

/** HEAD also ends a broken connection that the server has not noticed yet. */
async function offsetOf(api: Api, upload: string): Promise<number> {
  const { headers } = await api.answer({ method: 'HEAD', path: pathOf`/api/v1/uploads/${upload}`, headers: tus, statuses: [410] })
  return Number(headers['upload-offset'] ?? 0)
}

function sendFrom(api: Api, offset: number, { file, begun, progress }: Omit<Completing, 'patienceMs'>) {
  const rest = file.size - offset
  const headers = { ...tus, 'content-type': octets, 'upload-offset': String(offset), 'content-length': String(rest) }
  const patch = { method: 'PATCH', path: pathOf`/api/v1/uploads/${begun.upload}`, headers }
  if (rest === 0) return api.answer({ ...patch, timeoutMs: provingMs })
  return api.answer({ ...patch, stream: () => Readable.from(bytesFrom(file, { offset, at: progress.at }), { objectMode: false }) })
}

async function* bytesFrom({ path, size }: PushFile, { offset, at }: { offset: number; at(bytes: number): void }): AsyncGenerator<Buffer> {
  let position = offset
  for await (const chunk of createReadStream(path, { start: offset, end: size - 1, highWaterMark: 256 * 1024 })) {
    yield chunk
    position += chunk.length
    at(position)
  }
  if (position < size) throw new Error(`${path} has become shorter while it was sent`)
}

/** No answer, a server that is just going or coming, or another piece of this upload still arriving. */
const isPassing = (error: ApiError): boolean =>
  isAway(error) || error.status === 408 || isConflict(error) || error.problem?.code === 'revision_conflict'

const isConflict = ({ problem }: ApiError): boolean => problem?.code === 'upload_conflict'
