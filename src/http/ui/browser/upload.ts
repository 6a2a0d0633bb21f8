/** A tarball on its way, and what the server is told about it. */
interface PiecewiseUpload {
  /** Of the uploads, `…/api/v1/uploads`. */
  api: string
  file: File
  /** Upload-Metadata: id, architecture, version. */
  claim: Readonly<Record<string, string>>
  reason: string
  signal: AbortSignal
  report(progress: UploadProgress): void
}

export type UploadProgress = { state: 'sending' | 'proving'; sent: number } | { state: 'cut'; sent: number; againMs: number }

/** What the server proved. */
type ProvenUpload = { architecture: string; verdict: string; summary: string }

interface UploadState {
  state: 'arriving' | 'proving' | 'registered' | 'refused'
  offset: number
  result: ProvenUpload | null
  refusal: { detail: string } | null
}

/** The server will not take it, however often it is sent. */
const refused = (message: string): Error => Object.assign(new Error(message), { name: 'Refused' })

const tus = { 'tus-resumable': '1.0.0' }
const pieceBytes = 16 * 1024 * 1024
const longestMs = 30_000

/** Sends a tarball in pieces (tus 1.0), goes on after whatever cuts it off, also after the page was closed, and returns what was proven. */
export async function uploadInPieces(upload: PiecewiseUpload): Promise<ProvenUpload> {
  const { file, signal, report } = upload
  const size = file.size
  let [sent, failures] = [0, 0]
  for (;;) {
    try {
      const location = await locationOf(upload)
      const { state, offset, result, refusal } = await stateAt(location, signal)
      sent = offset
      if (state === 'refused') throw refused(refusal?.detail ?? 'it was refused')
      if (state === 'registered') {
        forget(upload)
        return result!
      }
      if (state === 'proving') {
        report({ state, sent })
        await rest(1000, signal)
        continue
      }
      do {
        sent = await sendPiece(location, upload, sent)
        failures = 0
      } while (sent < size)
    } catch (error) {
      if ((error as Error).name === 'Refused') {
        forget(upload)
        throw error
      }
      signal.throwIfAborted()
      const againMs = Math.min(1000 * 2 ** failures++, longestMs)
      report({ state: 'cut', sent, againMs })
      await rest(againMs, signal)
    }
  }
}

/** Where the upload of these bytes was begun, or is begun now. */
async function locationOf(upload: PiecewiseUpload): Promise<string> {
  const { api, file, claim, reason, signal } = upload
  const begun = kept((storage) => storage.getItem(keyOf(upload)))
  if (begun) {
    const reply = await fetch(begun, { method: 'HEAD', headers: tus, signal })
    if (reply.ok || (reply.status === 410 && reply.headers.get('upload-state') === 'refused')) return begun
    if (reply.status !== 404 && reply.status !== 410) throw new Error(`${reply.status}`)
    forget(upload)
  }
  const metadata = Object.entries({ ...claim, name: file.name }).filter(([, value]) => value !== '')
  const headers = {
    ...tus,
    'upload-length': String(file.size),
    'upload-metadata': metadata.map(([name, value]) => `${name} ${base64(value)}`).join(','),
    ...(reason !== '' && { 'x-reason': latin1(reason) })
  }
  const reply = await fetch(api, { method: 'POST', headers, signal })
  if (reply.status !== 201) throw await failureOf(reply)
  const location = new URL(reply.headers.get('location')!, reply.url).href
  remember(upload, location)
  return location
}

async function stateAt(location: string, signal: AbortSignal): Promise<UploadState> {
  const reply = await fetch(location, { signal })
  if (!reply.ok) throw new Error(`${reply.status}`)
  return reply.json() as Promise<UploadState>
}

/** Answers that waiting does not change. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && ![404, 408, 409, 410, 423, 429].includes(status)

const failureOf = async (reply: Response): Promise<Error> => {
  const text = await reply.text()
  return isFinal(reply.status) ? refused(detailIn(text)) : new Error(text)
}

function detailIn(text: string): string {
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? text
  } catch {
    return text
  }
}

/** Sends one piece, and returns how much has arrived then. By XMLHttpRequest, because fetch does not tell how far it is. */
function sendPiece(location: string, { file, signal, report }: PiecewiseUpload, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    signal.addEventListener('abort', abort)
    request.upload.onprogress = ({ loaded }) => {
      const sent = at + loaded
      report({ state: sent >= file.size ? 'proving' : 'sending', sent })
    }
    request.onloadend = () => {
      signal.removeEventListener('abort', abort)
      if (request.status === 204) resolve(Number(request.getResponseHeader('upload-offset')))
      else reject(isFinal(request.status) ? refused(detailIn(request.responseText)) : new Error(`${request.status}`))
    }
    request.open('PATCH', location)
    for (const [name, value] of Object.entries(tus)) request.setRequestHeader(name, value)
    request.setRequestHeader('content-type', 'application/offset+octet-stream')
    request.setRequestHeader('upload-offset', String(at))
    request.send(file.slice(at, at + pieceBytes))
  })
}

/** Waits, but not longer than until the network is back. */
const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', end)
      signal.removeEventListener('abort', end)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(end, ms)
    addEventListener('online', end)
    signal.addEventListener('abort', end)
  })

const bytesOf = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text))
const base64 = (text: string): string => btoa(bytesOf(text))
/** Headers carry bytes. */
const latin1 = bytesOf

/* What was begun is remembered in this browser, by file and container, so that it can be gone on with after the page was closed. */

const prefix = 'leporello-upload '
const keyOf = ({ api, file, claim }: Pick<PiecewiseUpload, 'api' | 'file' | 'claim'>): string =>
  prefix + JSON.stringify([new URL(api, location.href).href, claim['id'], claim['architecture'], file.name, file.size, file.lastModified])

/** Returns undefined when the browser has no storage: uploads can then be resumed only until the page is closed. */
function kept<Value>(use: (storage: Storage) => Value): Value | undefined {
  try {
    return use(localStorage)
  } catch {
    return undefined
  }
}

const remember = (upload: PiecewiseUpload, location: string) => kept((storage) => storage.setItem(keyOf(upload), location))
const forget = (upload: PiecewiseUpload) => kept((storage) => storage.removeItem(keyOf(upload)))

/** The names of files whose upload to a container was begun in this browser, and not ended. */
export function begunUploads(api: string, id: string): string[] {
  const ours = new URL(api, location.href).href
  const begun = kept((storage) =>
    Object.keys(storage)
      .filter((key) => key.startsWith(prefix))
      .map((key) => JSON.parse(key.slice(prefix.length)) as string[])
      .filter(([where, container]) => where === ours && (id === '' || container === id))
      .map((parts) => parts[3]!)
  )
  return begun ?? []
}
