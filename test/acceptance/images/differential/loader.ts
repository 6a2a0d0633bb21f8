import { execFile } from 'node:child_process'
import { limitMs } from '../../../support/speed.ts'
import type { Case } from './case.ts'
import type { CommandLine, Started } from './root-file-system.ts'

/** What a loader makes of an archive; what a program does not tell is left out. */
export interface Loaded {
  os: string
  architecture: string
  variant?: string
  diffIds?: readonly string[]
  /** Undefined when the command line leads to no file. */
  started: Started | undefined
  /** The first bytes of every file in the root file system. */
  heads: readonly Buffer[]
}

/** That a loader has not answered in its time says nothing. */
export type Answer = { loaded: Loaded } | { refused: string } | 'late'

export interface Place {
  /** The archive's file. */
  archive: string
  /** For this question alone, and empty. */
  folder: string
  /** Which of those that work side by side this is. */
  worker: number
}

export interface Loader {
  name: string
  takes(question: Case): boolean
  load(question: Case, place: Place): Promise<Answer>
}

/** A program has said no. */
class Refusal extends Error {}
/** A program has not ended in time. */
class Late extends Error {}

const patienceMs = limitMs(20_000)

/** What a program writes to its standard output. */
export function run([command, ...parameters]: readonly [string, ...string[]]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: patienceMs, killSignal: 'SIGKILL', maxBuffer: 2 ** 24 } as const
    execFile(command, parameters, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else if (error.killed === true) reject(new Late(command))
      else if (typeof error.code === 'number') reject(new Refusal((stderr || stdout).trim().slice(-300)))
      else reject(error)
    })
  })
}

/** An answer of whatever programs a loader consists of: the first that refuses ends it. */
export async function answerOf(load: () => Promise<Loaded>): Promise<Answer> {
  try {
    return { loaded: await load() }
  } catch (error) {
    if (error instanceof Late) return 'late'
    if (error instanceof Refusal) return { refused: error.message }
    throw error
  }
}

export const refuse = (why: string) => new Refusal(why)

/** A configuration as Go's programs write it again when they have read it. */
export interface GoConfig {
  os: string
  architecture: string
  variant?: string
  config?: { Entrypoint?: string[] | null; Cmd?: string[] | null; Env?: string[] | null; WorkingDir?: string } | null
  rootfs: { diff_ids: string[] | null }
}

export const commandLineOf = (config: GoConfig['config']): CommandLine => ({
  argv: [...(config?.Entrypoint ?? []), ...(config?.Cmd ?? [])],
  env: config?.Env ?? [],
  workingDirectory: config?.WorkingDir ?? ''
})

export const platformOf = (machine: string) => {
  const [architecture = '', variant] = machine.split('/')
  return { architecture, variant }
}
