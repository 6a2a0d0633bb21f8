import { complain, harmless, size } from './terminal.ts'

const barWidth = 24
/** How often the bar is drawn, and a line is printed. */
export const progressMs = { draw: 100, line: 10_000 }

export type Progress = ReturnType<typeof createProgress>

interface ProgressOptions {
  /** What is in progress, such as `hello.tar.gz: sending`. */
  what: string
  total: number
  /** Bytes that were done before; they do not count for the speed. */
  from: number
  /** What follows when all bytes are done. */
  then?: string
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>
  now: () => number
}

/** Shows progress: a bar on a terminal, a line now and then elsewhere. */
export function createProgress({ what, total, from, then, stream, now }: ProgressOptions) {
  const started = now()
  let drawn = Number.NEGATIVE_INFINITY
  let printed = started
  let done = from
  const speed = () => (done - from) / Math.max(0.001, (now() - started) / 1000)

  function bar(): string {
    if (done === total && then !== undefined) return `${harmless(what)}  ${size(done)}; ${then}`
    const share = done / total
    const filled = Math.floor(share * barWidth)
    const left = speed() > 0 && done < total ? `  ${clock((total - done) / speed())} left` : ''
    const counts = `${percent(done, total)}  ${size(done)} of ${size(total)}  ${size(speed())}/s${left}`
    return `${harmless(what)}  [${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${counts}`
  }

  function draw(): void {
    drawn = now()
    // a line longer than the terminal could not be overwritten
    stream.write(`\r\u001b[K${bar().slice(0, Math.max(20, (stream.columns || 80) - 1))}`)
  }

  return {
    /** Sets how many bytes are done. */
    at(bytes: number): void {
      done = bytes
      if (stream.isTTY) {
        if (now() - drawn >= progressMs.draw || done === total) draw()
      } else if (now() - printed >= progressMs.line) {
        printed = now()
        stream.write(`${harmless(what)}: ${percent(done, total)} (${size(done)} of ${size(total)}, ${size(speed())}/s)\n`)
      }
    },
    note(text: string): void {
      if (stream.isTTY) stream.write('\r\u001b[K')
      complain(harmless(text))
    },
    end(): void {
      if (stream.isTTY) stream.write('\r\u001b[K')
    }
  }
}

export const percent = (done: number, total: number): string => `${Math.floor((done / Math.max(1, total)) * 100)}%`

function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
