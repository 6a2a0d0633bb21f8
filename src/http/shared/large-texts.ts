import { Worker } from 'node:worker_threads'
import { CatalogueError, type ErrorCode, type ErrorDetails } from '../../domain/errors.ts'
import { type LargeTextTasks, largeTextTasks } from './large-text-tasks.ts'

/** Reads texts; a large one in a thread of its own, so that no other request waits for it. */
export interface LargeTexts {
  /** Throws what the task throws, and too_large when the thread's memory does not suffice. */
  run<Task extends keyof LargeTextTasks>(task: Task, input: Parameters<LargeTextTasks[Task]>[0]): Promise<ReturnType<LargeTextTasks[Task]>>
  /** Ends the thread. */
  close(): Promise<void>
}

/** What the thread is asked, and what it answers. */
export type Asked = { n: number; task: keyof LargeTextTasks; input: string | Uint8Array }

export interface Told {
  n: number
  result?: unknown
  refused?: { code: ErrorCode | undefined; message: string; details: ErrorDetails }
}

/** From this length on a text is large. Reading a smaller one takes some milliseconds, and handing it over would take longer. */
const largeLength = 128 * 1024
/** YAML that keeps its comments takes some twenty times as long as JSON. */
const largeYaml = 8 * 1024
const largeFrom: Partial<Record<keyof LargeTextTasks, number>> = { imageEntries: largeYaml, renamedImageList: largeYaml }
export const isLarge = ({ length }: string | Uint8Array, task: keyof LargeTextTasks): boolean => length >= (largeFrom[task] ?? largeLength)

/** A thread costs some 10 MB of memory; it ends when nothing large has come for so long. */
const idleMs = 30_000
const resourceLimits = { maxOldGenerationSizeMb: 256 }

export function createLargeTexts(): LargeTexts {
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>()
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let last = 0

  function receive({ n, result, refused }: Told): void {
    const { resolve, reject } = waiting.get(n)!
    waiting.delete(n)
    if (!refused) resolve(result)
    else if (refused.code) reject(new CatalogueError(refused.code, refused.message, { details: refused.details }))
    else reject(new Error(refused.message))
    if (waiting.size > 0) return
    worker?.unref()
    idle = setTimeout(() => void close(), idleMs).unref()
  }

  function lose(lost: Worker, failure: Error | undefined): void {
    if (worker !== lost) return
    worker = undefined
    const words = `it takes more memory than there is for reading it (${failure?.message ?? 'the thread ended'})`
    for (const { reject } of waiting.values()) reject(new CatalogueError('too_large', words, { cause: failure }))
    waiting.clear()
  }

  function ask(task: Asked['task'], input: Asked['input']): Promise<unknown> {
    clearTimeout(idle)
    worker ??= startThread(receive, lose)
    const asked: Asked = { n: ++last, task, input }
    return new Promise((resolve, reject) => {
      waiting.set(asked.n, { resolve, reject })
      worker!.ref()
      // a body of its own memory is handed over rather than copied: nobody reads it after this
      const isWhole = typeof input !== 'string' && input.byteLength === input.buffer.byteLength
      worker!.postMessage(asked, isWhole ? [input.buffer as ArrayBuffer] : [])
    })
  }

  async function close(): Promise<void> {
    clearTimeout(idle)
    const ended = worker
    worker = undefined
    await ended?.terminate()
  }

  return {
    async run(task, input) {
      if (!isLarge(input, task)) return largeTextTasks[task](input as never) as never
      return (await ask(task, input)) as never
    },
    close
  }
}

function startThread(receive: (told: Told) => void, lose: (lost: Worker, failure: Error | undefined) => void): Worker {
  // the name of the compiled file: the compiler rewrites imports, not URLs
  const started = new Worker(new URL('./large-text-worker.js', import.meta.url), { execArgv: [], resourceLimits })
  let failure: Error | undefined
  started.on('message', receive)
  started.on('error', (error) => {
    failure = error
  })
  started.on('exit', () => lose(started, failure))
  return started
}
