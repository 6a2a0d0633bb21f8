import type { LogDestination } from '../../observability/log.ts'
import { harmless, type Paint } from './terminal.ts'

type LoggedRequest = { method: string; path: string; status: number; ms: number; id: string; aborted: boolean }
type LoggedLine = { time: string; level: string; msg?: string; causes?: { message: string }[] } & Partial<LoggedRequest>

/** Where the log goes on a terminal: one short line for people in place of each line of JSON. */
export const terminalLog = (stream: NodeJS.WriteStream, paint: Paint): LogDestination => ({
  write: (json: string) => void stream.write(`${shortLine(json, paint)}\n`),
  flushSync() {}
})

/** `12:00:03  200  GET /api/v0.1/container/info  3 ms  hello:1`, or the time and the message; with what caused an error. */
export function shortLine(json: string, paint: Paint): string {
  const { time, level, msg, method, path, status, ms, id, aborted, causes = [] } = JSON.parse(json) as LoggedLine
  const colour = level === 'info' ? 'dim' : level === 'warn' ? 'yellow' : 'red'
  const request =
    status === undefined ? [] : [String(status), `${method} ${path}`, `${Math.round(ms ?? 0)} ms`, id, aborted && 'broken off']
  const parts = [...(level === 'info' ? [] : [level]), ...request, msg, causes.map(({ message }) => message).join(': ')].filter(Boolean)
  return `${paint(time.slice(11, 19), colour)}  ${harmless(parts.join('  '))}`
}
