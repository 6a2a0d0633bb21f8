import type { ReadingProgress, Task, VerifyTask } from '../../domain/image/task.ts'
import type { TaskQueue } from '../jobs/task-queue.ts'

/** An image that is being read. */
export interface Reading extends ReadingProgress, Pick<VerifyTask, 'container' | 'imageKey'> {}

/** The images that this process is reading. */
export type Readings = ReturnType<typeof createReadings>

type ReadImage = Pick<Reading, 'container' | 'imageKey'>

export function createReadings({ now }: { now: () => Date }) {
  const underWay = new Set<Reading>()
  return {
    all: () => [...underWay].map((reading) => ({ ...reading })),

    progressOf({ container, imageKey }: ReadImage): ReadingProgress | undefined {
      const found = [...underWay].find((one) => one.container === container && one.imageKey === imageKey)
      return found && { read: found.read, size: found.size, begun: found.begun }
    },

    begin({ container, imageKey, size }: ReadImage & Pick<Reading, 'size'>) {
      const reading = { container, imageKey, read: 0, size, begun: now().toISOString() }
      underWay.add(reading)
      return {
        counted: (bytes: AsyncIterable<Uint8Array>) => countedBytes(bytes, reading),
        end: () => void underWay.delete(reading)
      }
    }
  }
}

/** Passes bytes on, and counts them. */
export async function* countedBytes(bytes: AsyncIterable<Uint8Array>, counter: { read: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    counter.read += chunk.length
    yield chunk
  }
}

/**
 * Returns the images that are being read: those of this process as they are now, and those of other replicas as they were when their tasks
 * were last extended. Asks the store once a second at most.
 */
export type ListReadings = () => Promise<Reading[]>

/** How long an answer of the store is used, in milliseconds. */
const keptMs = 1000

export function createReadingList({ readings, queue, now }: { readings: Readings; queue: TaskQueue; now: () => Date }): ListReadings {
  let asked: { at: number; held: Promise<Task[]> } | undefined
  return async () => {
    const at = now().getTime()
    if (!asked || Math.abs(at - asked.at) >= keptMs) asked = { at, held: queue.held('verify') }
    const others = (await asked.held).flatMap((task) => {
      if (task.kind !== 'verify' || !task.reading || readings.progressOf(task)) return []
      return [{ container: task.container, imageKey: task.imageKey, ...task.reading }]
    })
    return [...readings.all(), ...others]
  }
}
