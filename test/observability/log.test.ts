import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { logDestination } from '../../src/observability/log.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { eventually } from '../support/processes.ts'

t.test('of a log that nobody reads so much waits and no more, and its reader is told how much was lost', async (t) => {
  const pipe = join(temporaryDirectory(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  const to = logDestination(fd, 1_000_000)
  const line = `${JSON.stringify({ msg: 'x'.repeat(50_000) })}\n`

  for (let i = 0; i < 40; i++) to.write(line)

  const buffer = Buffer.alloc(100_000)
  let read = ''
  await eventually(
    async () => {
      try {
        const size = readSync(fd, buffer)
        read += buffer.toString('latin1', 0, size)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      }
      return /"level":"warn"/.test(read.slice(-1000)) || undefined
    },
    { what: 'the rest of the log', everyMs: 1 }
  )

  const lines = read.trimEnd().split('\n')
  const lost = Number(/(\d+) lines of the log were lost/.exec(lines.pop()!)?.[1])
  t.ok(lost > 10, `${lost} of 40 lines were lost`)
  t.equal(lines.length, 40 - lost)
  t.ok(
    lines.every((one) => `${one}\n` === line),
    'what was told is whole'
  )
})

t.test('lines are in the order in which they were written, also those of the end', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const fd = openSync(path, 'w')
  const to = logDestination(fd)
  const lines = Array.from({ length: 200 }, (_, number) => `${JSON.stringify({ number, msg: 'x'.repeat(1000) })}\n`)

  for (const line of lines) to.write(line)
  await to.drained?.()

  t.equal(readFileSync(path, 'utf8'), lines.join(''))
})

t.test('a log whose reader has gone keeps nobody from ending', async (t) => {
  const pipe = join(temporaryDirectory(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  const to = logDestination(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK))
  closeSync(reader)

  for (let i = 0; i < 2; i++) {
    to.write('{}\n')
    await to.drained?.()
  }

  t.pass('it ended')
})
