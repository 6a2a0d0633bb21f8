import { parentPort } from 'node:worker_threads'
import { isCatalogueError } from '../../domain/errors.ts'
import { largeTextTasks } from './large-text-tasks.ts'
import type { Asked, Told } from './large-texts.ts'

/* The thread in which large texts are read. Errors are sent as plain objects, because a structured clone loses their class. */

parentPort!.on('message', ({ n, task, input }: Asked) => parentPort!.postMessage({ n, ...outcomeOf(task, input) } satisfies Told))

function outcomeOf(task: Asked['task'], input: Asked['input']): Omit<Told, 'n'> {
  try {
    return { result: largeTextTasks[task](input as never) }
  } catch (error) {
    const { message, stack } = error as Error
    return isCatalogueError(error)
      ? { refused: { code: error.code, message, details: error.details } }
      : { refused: { code: undefined, message: stack ?? message, details: {} } }
  }
}
