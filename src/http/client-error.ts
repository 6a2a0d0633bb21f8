import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'

const refusals: Record<string, [status: string, message: string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the request line and headers are larger than 32 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive in time']
}

const unknownMethod = ['501 Not Implemented', 'no path has this method; methods are written in capitals'] as const
const nonsense = ['400 Bad Request', 'this is not an HTTP request'] as const

/** Whether it is a request line with a method that Node does not know. */
const ofUnknownMethod = ({ code, rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): boolean =>
  code === 'HPE_INVALID_METHOD' && /^[!#$%&'*+.^`|~\w-]+ \S+ HTTP\/1\.[01]\r?\n/.test(rawPacket?.toString('latin1') ?? '')

/** Answers what Node cannot parse as HTTP, in JSON, and closes the connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, message] = refusals[error.code ?? ''] ?? (ofUnknownMethod(error) ? unknownMethod : nonsense)
  const body = `${JSON.stringify({ message })}\n`
  const headers = ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, `x-request-id: ${randomUUID()}`]
  socket.setTimeout(2_000, () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\nconnection: close\r\n\r\n${body}`)
}
