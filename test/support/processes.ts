import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:net'

/** A program that runs beside the test: what it has said so far, and how it ended. */
export interface Program {
  process: ChildProcess
  /** The end of what it wrote, standard output and error together. */
  output(): string
  /** Resolves when it is gone, also when it could not be started. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  running(): boolean
}

const kept = 64 * 1024

// On Linux the kernel ends what we start when the test runner dies, however it dies.
const tied = (() => {
  try {
    execFileSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' })
    return ['setpriv', '--pdeathsig', 'KILL']
  } catch {
    return []
  }
})()

export function runProgram(command: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Program {
  const [file, ...parameters] = [...tied, ...command]
  const child = spawn(file!, parameters, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let output = ''
  const keep = (chunk: string) => {
    output = (output + chunk).slice(-kept)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  const atExit = () => child.kill('SIGKILL')
  process.once('exit', atExit)

  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('error', (error) => {
      keep(`${error.message}\n`)
      resolve({ code: null, signal: null })
    })
    child.once('exit', (code, signal) => resolve({ code, signal }))
  }).finally(() => process.removeListener('exit', atExit))

  return {
    process: child,
    output: () => output,
    ended,
    running: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  }
}

/** Ends it with TERM, and with KILL when it has not gone in time. A stopped (SIGSTOP) one is woken first. */
export async function endProgram(program: Program, patienceMs = 120_000): Promise<void> {
  program.process.kill('SIGCONT')
  program.process.kill('SIGTERM')
  const timer = setTimeout(() => program.process.kill('SIGKILL'), patienceMs)
  await program.ended
  clearTimeout(timer)
}

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

// Only what will never come takes so long, on the slowest machine too.
const patienceOfAll = 10 * 60_000

/** Asks again and again until it answers with something, and says at the end what it was that did not come. */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  { what, everyMs = 100, withinMs = patienceOfAll }: { what: string; everyMs?: number; withinMs?: number }
): Promise<T> {
  const until = Date.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > until) throw new Error(`${what}: not within ${withinMs} ms`, { cause: last })
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
