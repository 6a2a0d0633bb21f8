import type { IncomingMessage } from 'node:http'
import { boundedStream } from './bounded-stream.ts'
import { ask, type Opening } from './http.ts'
import type { HttpLocation } from './location.ts'
import { shownAddress, sourceError } from './refusals.ts'
import type { OpenSource, SourceInfo } from './source.ts'

export async function openHttp(location: HttpLocation, opening: Opening): Promise<OpenSource> {
  const { answer, url } = await ask(location, { ...opening, method: 'GET' })
  const what = shownAddress(url.href)
  try {
    checkStatus(answer, what)
    if (answer.statusCode === 206) throw sourceError('source_unsupported', `${what} answered 206, a part, where the whole was requested`)
    const info = infoOf(answer, what)
    return { stream: boundedStream(answer, { ...opening, what, expected: info.size }), ...info }
  } catch (error) {
    answer.destroy()
    throw error
  }
}

/** Statuses of HEAD after which one byte is read with GET instead, such as for URLs that are signed for GET alone. */
const headless = new Set([400, 403, 405, 501])

export async function probeHttp(location: HttpLocation, opening: Opening): Promise<SourceInfo> {
  const head = await ask(location, { ...opening, method: 'HEAD' })
  const useless = headless.has(head.answer.statusCode!)
  if (useless) head.answer.destroy()
  const { answer, url } = useless ? await ask(location, { ...opening, method: 'GET', range: 'bytes=0-0' }) : head
  const what = shownAddress(url.href)
  try {
    // an empty file has no byte to read
    if (!(useless && answer.statusCode === 416 && totalOf(answer) === 0)) checkStatus(answer, what)
    return infoOf(answer, what)
  } finally {
    answer.destroy()
  }
}

function checkStatus({ statusCode: status }: IncomingMessage, what: string): void {
  if (status === 404 || status === 410) throw sourceError('source_gone', `${what} does not exist (${status})`)
  if (status === 401 || status === 403) {
    const message = `${what} answered ${status}: it requires credentials, or different ones; give them as dav://user:password@host/path`
    throw sourceError('source_unavailable', message)
  }
  if (status !== 200 && status !== 206) throw sourceError('source_unavailable', `${what} answered ${status}`)
}

function infoOf(answer: IncomingMessage, via: string): SourceInfo {
  const { etag, 'last-modified': date } = answer.headers
  const size = answer.statusCode === 200 ? numberOf(answer.headers['content-length']) : totalOf(answer)
  const modified = date === undefined ? Number.NaN : Date.parse(date)
  return {
    ...(size !== undefined && { size }),
    ...(etag !== undefined && { etag }),
    ...(!Number.isNaN(modified) && { modified: new Date(modified).toISOString() }),
    via
  }
}

const totalOf = (answer: IncomingMessage) => numberOf(/\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1])

function numberOf(text: string | undefined): number | undefined {
  const number = text === undefined ? Number.NaN : Number(text)
  return Number.isSafeInteger(number) ? number : undefined
}
