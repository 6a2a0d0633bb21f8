import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProgram, eventually, freePort, type Program, runProgram } from './processes.ts'
import { projectFolder } from './project.ts'

/** The built program, as a process of its own; tests know it by its URL. */
export interface Leporello {
  url: string
  pid(): number
  output(): string
  running(): boolean
  stop(): Promise<void>
  /** kill -9 */
  kill(): Promise<void>
  /** The same again, on the same port and data. */
  restart(): Promise<void>
}

const ours = join(projectFolder, 'build/src/main.js')

export interface LeporelloOptions {
  /** How many files it may have open, once it listens. */
  files?: number
  /** The program of another version that was built. */
  main?: string
}

export async function startLeporello(
  settings: Record<string, string> = {},
  { files, main = ours }: LeporelloOptions = {}
): Promise<Leporello> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const scratch = await mkdtemp(join(tmpdir(), 'leporello-data-'))
  // nothing of the caller's own settings
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LEPORELLO_')))
  const env = {
    ...inherited,
    LEPORELLO_PORT: String(port),
    LEPORELLO_DATA: scratch,
    LEPORELLO_LOG_LEVEL: 'warn',
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`LEPORELLO_${name}`, value]))
  }
  let program: Program
  const start = async () => {
    program = runProgram(['node', main, 'serve'], { env, cwd: scratch })
    const answers = async () => (await fetch(`${url}/health/live`)).ok || undefined
    try {
      await eventually(async () => (program.running() ? answers() : 'ended'), { what: 'leporello listens', everyMs: 25 })
      if (!program.running()) throw new Error('it ended')
      // not before: Node opens all modules of a program at once, and takes those that it cannot open for missing
      if (files !== undefined) execFileSync('prlimit', [`--nofile=${files}`, '--pid', String(program.process.pid)])
    } catch (error) {
      program.process.kill('SIGKILL')
      throw new Error(`leporello did not start:\n${program.output()}`, { cause: error })
    }
  }
  try {
    await start()
  } catch (error) {
    await rm(scratch, { recursive: true, force: true })
    throw error
  }

  const kill = async () => {
    program.process.kill('SIGKILL')
    await program.ended
  }
  return {
    url,
    pid: () => program.process.pid!,
    output: () => program.output(),
    running: () => program.running(),
    kill,
    async stop() {
      if (program.running()) await endProgram(program)
      await rm(scratch, { recursive: true, force: true })
    },
    async restart() {
      if (program.running()) await endProgram(program)
      await start()
    }
  }
}

/** Settings that put it in front of an engine, which it gives the time that a slow machine takes. */
export const onEngine = (url: string, more: Record<string, string> = {}): Record<string, string> => ({
  STORE: 'elasticsearch',
  ENGINE_URL: url,
  ENGINE_PATIENCE_MS: '60000',
  ...more
})

/** Waits until it says that it is ready, which is when the engine is there and the migrations are done. */
export const ready = (server: { url: string }, withinMs?: number): Promise<true> =>
  eventually(async () => (await fetch(`${server.url}/health/ready`)).ok || undefined, {
    what: `${server.url} is ready`,
    ...(withinMs !== undefined && { withinMs })
  })
