import { type DestinationStream, type Logger, pino } from 'pino'
import { maskSecrets } from '../domain/secrets.ts'

export type Log = Logger

export type LogDestination = DestinationStream & {
  flushSync(): void
  /** Resolves when every line is written, in order; flushSync overtakes what is being written. */
  drained?(): Promise<void>
}

/** The log goes to standard output unless `to` is given. */
export type LogOptions = { level: string; to?: LogDestination }

/** How many bytes of the log may wait for its reader. Beyond that lines are lost, rather than the server. */
const maxWaiting = 16 * 1024 * 1024
const gatheredLength = 12_288
const gatheredMs = 100

/**
 * Where the lines go. They are gathered for up to 100 ms, because one system call a request would cost more than answering it. When its
 * reader stands still, so many bytes wait for it, 16 MiB by default; how many lines were lost after that is told when it goes on.
 */
export function logDestination(fd = 1, most = maxWaiting): LogDestination {
  const to = pino.destination({ dest: fd, sync: false, maxLength: most })
  let lost = 0
  let waiting = ''
  let timer: NodeJS.Timeout | undefined
  let writing = false
  let closed = false

  function write(text: string): void {
    writing = true
    to.write(text)
  }

  /** Joins lines before the stream counts the bytes of each, which costs more than writing one. */
  function pass(): void {
    clearTimeout(timer)
    timer = undefined
    const text = waiting
    waiting = ''
    if (text !== '' && !closed) write(text)
  }

  to.on('drop', (text: string) => {
    lost += text.split('\n').length - 1
  })
  to.on('drain', () => {
    writing = false
    if (lost === 0) return
    const msg = `${lost} lines of the log were lost, because nobody read it`
    lost = 0
    write(`${JSON.stringify({ level: 'warn', time: isoNow(), msg })}\n`)
  })
  to.on('error', (error: NodeJS.ErrnoException) => {
    // pino drops what follows a closed pipe; anything else ends the server, as without this listener
    if (error.code !== 'EPIPE') throw error
    closed = true
  })
  return {
    write(line) {
      waiting += line
      if (waiting.length >= gatheredLength) pass()
      else timer ??= setTimeout(pass, gatheredMs).unref()
      return true
    },
    flushSync() {
      pass()
      to.flushSync()
    },
    async drained() {
      pass()
      const settled = (resolve: () => void) => to.once('drain', resolve).once('error', resolve)
      while (writing && !closed) await new Promise<void>(settled)
    }
  }
}

/** JSON lines; call drained before the process ends, or flush where it must end at once. */
export function createLog({ level, to = logDestination() }: LogOptions) {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: causes }
  }
  const log = pino(options, to)
  const info: WriteInfo = (members) => {
    if (log.isLevelEnabled('info')) to.write(`{"level":"info","time":"${isoNow()}",${members}}\n`)
  }
  return { log, info, flush: () => flush(to), drained: async () => to.drained?.() }
}

/** Writes a line at level info from its members as JSON text, as `log.info` would for many times the cost: there is one a request. */
export type WriteInfo = (members: string) => void

let now = { at: 0, iso: '' }

/** Many lines are written in one millisecond. */
function isoNow(): string {
  const at = Date.now()
  if (at !== now.at) now = { at, iso: new Date(at).toISOString() }
  return now.iso
}

/** A stream that was never opened, or is closed, has nothing to flush. */
function flush(stream: { flushSync(): void }): void {
  try {
    stream.flushSync()
  } catch {}
}

type LoggedCause = { name: string; code?: string; message: string; stack?: string }

const maxCauses = 8

/** An error and what caused it, outermost first, without secrets. */
export function causes(error: unknown): LoggedCause[] {
  const chain: LoggedCause[] = []
  for (let at = error; at !== undefined && at !== null && chain.length < maxCauses; at = (at as Error).cause) chain.push(cause(at))
  return chain
}

function cause(error: unknown): LoggedCause {
  if (!(error instanceof Error)) return { name: typeof error, message: maskSecrets(String(error)) }
  const { name, message, stack, code } = error as Error & { code?: unknown }
  return { name, message: maskSecrets(message), ...(typeof code === 'string' && { code }), ...(stack && { stack: maskSecrets(stack) }) }
}
