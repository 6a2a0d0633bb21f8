import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { relative, resolve } from 'node:path'
import { projectFolder } from '../test/support/project.ts'
import { childrenCpu } from './children-cpu.ts'
import type { EngineLender } from './engine-lender.ts'

/*
 * Runs test files, each as a plain Node process that tap's `t` makes write TAP and a summary of its assertions. tap's own runner does the same,
 * but loads hooks into every process that a test starts, which costs more CPU than the tests.
 */

export interface Counts {
  passed: number
  failed: number
}

interface Ended extends Counts {
  output: string
  /** Seconds of it and of the processes that it started. */
  cpu: number
}

const testFolder = resolve(projectFolder, 'build/test')

// A test that hangs ends with the run: CI has one deadline for everything, and a person presses Ctrl-C. Both are told what was running.
const timeoutSeconds = 24 * 3600

/** The test files of folders and files below test/, as a person or a shell names them: `test/http/x.test.ts`, `build/test/http/x.test.js`, `http`. */
export function testFiles(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const path = resolve(testFolder, relative(projectFolder, resolve(name)).replace(/^(build\/)?test\//, ''))
    if (name.includes('.test.')) return [path.replace(/\.ts$/, '.js')]
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.js'))
      .sort()
      .map((file) => resolve(path, file))
  })
}

export interface RunOptions {
  environment?: NodeJS.ProcessEnv
  /** Answers the test files that ask for an engine. */
  engines?: EngineLender
}

/** Runs them, some at a time, and prints a line for each, with what the tests comment on; of one that fails, everything but what passed. */
export async function runTests(files: readonly string[], { environment = {}, engines }: RunOptions = {}): Promise<Counts> {
  const counts = { passed: 0, failed: 0 }
  const waiting = [...files]
  const running = new Map<string, { child: ChildProcess; since: number }>()
  const stopWatching = endWithSignals(running, waiting)
  // A test waits for timers, disks and other processes as often as it computes.
  const slots = createSlots(Math.min(availableParallelism() + 1, 6))

  async function work(): Promise<void> {
    await slots.take()
    const file = waiting.shift()
    if (file !== undefined) await run(file)
    slots.free()
  }

  async function run(file: string): Promise<void> {
    const name = relative(testFolder, file).replace(/\.test\.js$/, '')
    const since = Date.now()
    let waited = 0
    let waitsSince = 0
    const child = spawn(process.execPath, [file], {
      cwd: projectFolder,
      env: { ...process.env, TAP_TIMEOUT: String(timeoutSeconds), ...environment, ...(engines && { SHARED_ENGINES: '1' }) },
      stdio: ['ignore', 'pipe', 'pipe', engines ? 'ipc' : 'ignore']
    })
    engines?.serve(child, {
      free() {
        waitsSince = Date.now()
        slots.free()
      },
      async take() {
        await slots.take({ first: true })
        waited += Date.now() - waitsSince
      }
    })
    running.set(name, { child, since })
    const { passed, failed, output, cpu } = await ended(child)
    running.delete(name)
    counts.passed += passed
    counts.failed += failed
    const seconds = ((Date.now() - since - waited) / 1000).toFixed(1)
    console.log(`${failed > 0 ? 'not ok' : 'ok'} ${name} # ${passed} passed, ${failed} failed, ${seconds} s, ${cpu.toFixed(1)} s of CPU`)
    const details = failed > 0 ? withoutPasses(output) : commentsIn(output)
    if (details !== '') console.log(details)
  }

  childrenCpu()
  await Promise.all(files.map(work))
  for (const line of (await engines?.close()) ?? []) console.log(line)
  stopWatching()
  return counts
}

/** Places for so many at once. */
function createSlots(count: number) {
  let left = count
  const queue: (() => void)[] = []
  return {
    async take({ first = false } = {}): Promise<void> {
      if (left > 0) left--
      else await new Promise<void>((resolve) => (first ? queue.unshift(resolve) : queue.push(resolve)))
    },
    free(): void {
      const next = queue.shift()
      if (next) next()
      else left++
    }
  }
}

/** The assertions that a process counted; one that ends badly without a failed one failed as a whole. */
function ended(child: ChildProcess): Promise<Ended> {
  let output = ''
  let cpu = 0
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ passed: 0, failed: 1, output: String(error), cpu }))
    child.once('exit', () => {
      cpu = childrenCpu()
    })
    child.once('close', (status, signal) => {
      const summary = [...output.matchAll(/^# \{ total: \d+(?:, pass: (\d+))?(?:, fail: (\d+))?.* \}$/gm)].at(-1)
      const passed = Number(summary?.[1] ?? 0)
      const failed = Number(summary?.[2] ?? 0)
      const badly = status !== 0 || !summary
      if (badly) output += `\nended with ${signal ?? `status ${status}`}\n`
      resolve({ passed, failed: badly ? Math.max(1, failed) : failed, output, cpu })
    })
  })
}

const withoutPasses = (output: string) =>
  output
    .split('\n')
    .filter((line) => !/^ *(ok \d|# Subtest|# time=|\d+\.\.\d+$|$)/.test(line))
    .join('\n')

const commentsIn = (output: string) => (output.match(/^ +# (?!Subtest|time=).*$/gm) ?? []).join('\n')

/** On SIGTERM and the like it tells what was running and for how long, ends that, and leaves the rest out. */
function endWithSignals(running: Map<string, { child: ChildProcess; since: number }>, waiting: string[]): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const end = (signal: NodeJS.Signals) => {
    console.log(`${signal}: ${waiting.splice(0).length} test files had not begun; these were running:`)
    for (const [name, { child, since }] of running) {
      console.log(`  ${name}, for ${Math.round((Date.now() - since) / 1000)} s`)
      child.kill('SIGTERM')
      setTimeout(() => child.kill('SIGKILL'), 10_000).unref()
    }
  }
  for (const signal of signals) process.on(signal, end)
  return () => {
    for (const signal of signals) process.off(signal, end)
  }
}

/** The last line of a run, and its exit status. */
export function finish({ passed, failed }: Counts): never {
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed > 0 || passed === 0 ? 1 : 0)
}
