import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable, Writable } from 'node:stream'
import type { Test } from 'tap'
import { runCommandLine } from '../../src/cli/cli.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'

/*
 * A command line run inside this process, because starting the program costs more than what most commands do. While it runs, and for it
 * alone, `process` has the environment, the streams and the exit that the program would have. What is about the process itself (signals,
 * pipes, serve) runs the program: see command-line.ts.
 */

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

interface Surroundings {
  env: NodeJS.ProcessEnv
  stdin: Readable
  stdout: Writable
  stderr: Writable
  cwd(): string
  exit(status: number): never
}

const surroundings = new AsyncLocalStorage<Surroundings>()

for (const name of ['env', 'stdin', 'stdout', 'stderr', 'cwd', 'exit'] as const) {
  const own = Object.getOwnPropertyDescriptor(process, name)!
  const ownValue = () => (own.get ? own.get.call(process) : own.value)
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => surroundings.getStore()?.[name] ?? ownValue() })
}

export interface CommandLine {
  args: string[]
  environment?: Record<string, string>
}

/** Runs one command to its end, in an empty folder, with no variable of this process but PATH. */
export async function command(t: Test, { args, environment = {} }: CommandLine): Promise<Ended> {
  const said = { stdout: '', stderr: '' }
  const into = (name: 'stdout' | 'stderr') =>
    new Writable({
      decodeStrings: false,
      write(chunk, _, done) {
        said[name] += chunk
        done()
      }
    })
  const status = await within(t, { environment, stdout: into('stdout'), stderr: into('stderr') }, () => runCommandLine(args))
  return { status: typeof status === 'number' ? status : null, ...said }
}

/** Runs this as in a process of its own, with these variables and PATH; what it answers, or the status that it exits with. */
export function within<T>(
  t: Test,
  { environment, ...streams }: { environment: Record<string, string>; stdout?: Writable; stderr?: Writable },
  run: () => Promise<T>
): Promise<T | number> {
  const folder = temporaryDirectory(t)
  return new Promise((resolve, reject) => {
    const given: Surroundings = {
      env: { PATH: process.env['PATH'], ...environment },
      stdin: Readable.from([]),
      stdout: process.stdout,
      stderr: process.stderr,
      ...streams,
      cwd: () => folder,
      exit(status) {
        resolve(status)
        throw new Error(`exited with ${status}`)
      }
    }
    surroundings.run(given, run).then(resolve, reject)
  })
}
