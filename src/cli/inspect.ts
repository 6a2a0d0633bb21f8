import { createReadStream } from 'node:fs'
import { isCatalogueError } from '../domain/errors.ts'
import type { ImageReport } from '../images/image-report.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { type Command, complain, exit, say, type Values } from './command.ts'
import { inspectionText } from './inspection-text.ts'

export const inspect: Command = {
  usage: 'inspect FILE [--arch ARCH] [--path PATH] [--digest DIGEST] [--json]',
  description: `Reads a tarball (docker save, an OCI layout; plain, gzip or zstd; "-" is standard input) and tells which architecture the
programs in it really are for, whatever its configuration says. It writes nothing and runs nothing.

Exit status: 0 proven, 1 wrong (mislabelled, mixed, a digest that nothing has), 2 unreadable or without binaries.`,
  options: {
    arch: { type: 'string', help: 'what it is said to be, as arm64, aarch64 or x86_64; otherwise its configuration is the claim' },
    path: { type: 'string', help: 'tell also what this file of the image is, through links' },
    digest: { type: 'string', help: "tell also whose digest this is: the file's, a manifest's, a configuration's, a layer's" },
    json: { type: 'boolean', help: 'the report as JSON (schemas/image-report.json)' }
  },
  examples: [
    { command: 'leporello inspect hello-1-arm64.tar.gz --arch aarch64', does: 'prove that a tarball is for arm64' },
    { command: 'docker save hello:1 | leporello inspect - --path /usr/lib/libssl.so', does: 'tell what one library is' }
  ],
  maxPositionals: 1,
  run: ({ values, positionals }) => run(positionals[0], values)
}

const statuses: Record<ImageReport['verdict'], number> = {
  match: exit.done,
  mislabelled: exit.wrong,
  mixed: exit.wrong,
  'no-binaries': exit.unreadable,
  unreadable: exit.unreadable
}

async function run(file: string | undefined, values: Values): Promise<number> {
  if (file === undefined) return misused('expected a file')
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined)
  try {
    const { report } = await inspectImage(chunksOf(file), { claimed: text('arch'), path: text('path'), digest: text('digest') })
    say(values['json'] === true ? JSON.stringify(report, null, 2) : inspectionText(report, file))
    const status = statuses[report.verdict]
    return status === exit.done && report.digest?.matches.length === 0 ? exit.wrong : status
  } catch (error) {
    if (isCatalogueError(error, 'architecture_invalid')) return misused(error.message)
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    // "ENOENT: no such file or directory, open 'x'"
    complain(`leporello: ${(error as Error).message}`)
    return exit.unreadable
  }
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  yield* file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 })
}

function misused(problem: string): number {
  complain(`leporello: ${problem}\nTry: leporello inspect --help`)
  return exit.usage
}
