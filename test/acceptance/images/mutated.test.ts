import t from 'tap'
import { inspectImage } from '../../../src/images/inspect-image.ts'
import { inChunks } from '../../support/images.ts'
import { mutatedArchive } from '../../support/mutated-archives.ts'
import { ask, disagreementsOf } from './differential/ask.ts'
import type { Case } from './differential/case.ts'
import { skopeoAndUmoci } from './differential/umoci.ts'

/*
 * Archives that are changed at random, for MUTATED_SECONDS: what skopeo and umoci still take we judge by the same bytes, or not at all.
 * A run that fails is repeated with the FUZZ_SEED that it names.
 */

const seconds = Number(process.env['MUTATED_SECONDS'] ?? 30)
const firstSeed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000)
const loaders = [skopeoAndUmoci('docker-archive'), skopeoAndUmoci('oci-archive')]
const atOnce = 8

/** The next archives that we do not refuse, as those that we do need no loader; and the seed after them. */
async function judged(seed: number): Promise<{ questions: Case[]; next: number }> {
  const questions: Case[] = []
  let next = seed
  for (; questions.length < atOnce; next++) {
    const { bytes, form } = mutatedArchive(next)
    const { report } = await inspectImage(inChunks(bytes), { claimed: 'amd64' })
    if (report.verdict !== 'unreadable') questions.push({ name: `FUZZ_SEED=${next}`, bytes, forms: [form], machine: 'amd64' })
  }
  return { questions, next }
}

t.test('what loaders take of changed archives is judged by the bytes that they would start', async (t) => {
  const until = Date.now() + seconds * 1000
  const found: ReturnType<typeof disagreementsOf> = []
  let [seed, asked, taken] = [firstSeed, 0, 0]
  do {
    const { questions, next } = await judged(seed)
    const answered = await ask(questions, { loaders, until })
    found.push(...answered.flatMap(disagreementsOf).filter(({ difference }) => difference !== 'only we take it'))
    asked += answered.filter(({ answers }) => answers.length > 0).length
    taken += answered.filter(({ answers }) => answers.some(({ answer }) => 'loaded' in answer)).length
    seed = next
  } while (Date.now() < until)

  t.comment(
    `${seed - firstSeed} archives from seed ${firstSeed}; loaders were asked about ${asked}, and took ${taken}; ${found.length} disagreements`
  )
  t.strictSame(found, [])
  t.ok(taken > 0, 'some were taken by both')
})
