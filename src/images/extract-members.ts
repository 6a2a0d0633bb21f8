import { createBudget } from './budget.ts'
import type { Compression } from './compression.ts'
import { insideRoot } from './layer-log.ts'
import { defaultLimits } from './limits.ts'
import { createProblemList, fatal, type ProblemList, quoted } from './problems.ts'
import { decompress, openArchive } from './read-archive.ts'
import { createTarReader } from './tar-reader.ts'
import type { TarMember } from './tar-reading.ts'

/** A member to extract from an archive, as it is or decompressed. */
export interface WantedMember {
  name: string
  /** The compression to remove; 'none' leaves it as it is. */
  unpack: Compression
}

type Event = { member: TarMember } | { data: Buffer } | 'end'

/**
 * Yields members of an image archive in the archive's order, in one pass over its bytes, however it is compressed. The bytes of each must be
 * read to their end before the next member is requested. Throws when the archive cannot be read or lacks one of them.
 */
export async function* extractMembers<Wanted extends WantedMember>(
  source: AsyncIterable<Uint8Array>,
  wanted: readonly Wanted[]
): AsyncGenerator<{ wanted: Wanted; bytes: AsyncGenerator<Buffer> }> {
  const problems = createProblemList(defaultLimits)
  const budget = createBudget(defaultLimits, problems)
  const left = new Map(wanted.map((one) => [one.name, one]))
  async function* read(): AsyncGenerator<Event> {
    const { chunks } = await openArchive(source, { budget, problems })
    // the events of one chunk, whose size is limited; their bytes are views of it, not copies
    const events: Event[] = []
    const handler = {
      member: (member: TarMember) => events.push({ member }),
      data: (data: Buffer) => events.push({ data }),
      memberEnd: () => events.push('end'),
      problem: problems.add,
      notTar: () => fatal('not_a_tar', 'the archive is not a tar')
    }
    const tar = createTarReader(handler, defaultLimits)
    for await (const chunk of chunks) {
      for (let done = tar.write(chunk); ; done = tar.resume()) {
        yield* events.splice(0)
        if (done) break
      }
      if (tar.stopped) break
    }
    refuseFatal(problems)
  }

  async function* body(): AsyncGenerator<Buffer> {
    for (;;) {
      const { value, done } = await events.next()
      if (done || value === 'end') return
      if ('data' in value) yield value.data
    }
  }

  const events = read()
  try {
    while (left.size > 0) {
      const { value, done } = await events.next()
      if (done) break
      if (value === 'end' || !('member' in value) || value.member.type !== 'file') continue
      const one = left.get(insideRoot(value.member.name) ?? '')
      if (!one) continue
      left.delete(one.name)
      yield { wanted: one, bytes: one.unpack === 'none' ? body() : decompress(body(), { compression: one.unpack, budget, problems }) }
      refuseFatal(problems)
    }
  } finally {
    await events.return(undefined)
  }
  const [absent] = left.keys()
  if (absent !== undefined) throw new Error(`the archive no longer has a member ${quoted(absent)}`)
}

/** Unpacks a stream that is compressed with zstd. Throws when it cannot be unpacked. */
export async function* unpackZstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const problems = createProblemList(defaultLimits)
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const bytes of source) yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  yield* decompress(chunks(), { compression: 'zstd', budget: createBudget(defaultLimits, problems), problems })
  refuseFatal(problems)
}

function refuseFatal({ listed }: ProblemList): void {
  const problem = listed.find(({ fatal }) => fatal)
  if (problem) throw new Error(problem.message)
}
