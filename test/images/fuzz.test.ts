import t from 'tap'
import { inspectImage } from '../../src/images/inspect-image.ts'
import { inChunks } from '../support/images.ts'
import { mutatedArchive } from '../support/mutated-archives.ts'
import { slowness } from '../support/speed.ts'

/*
 * Archives that are changed at random, for FUZZ_SECONDS (3, and 45 in test:all; fewer on a slow machine). A run that fails is repeated with the FUZZ_SEED that it names.
 */

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 3)
const firstSeed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000)
const cpuSeconds = 20
// so many at least, however slow the machine; and on, as most changes make an archive unreadable, until one leaves it readable
const [leastRuns, mostRuns] = [40, 2000]

/** Resolves when this process has computed for so long. What waits for something that never comes ends the process instead. */
const tooLong = (seconds: number) => {
  const { user, system } = process.cpuUsage()
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<'too long'>((resolve) => {
    timer = setInterval(() => {
      const since = process.cpuUsage({ user, system })
      if (since.user + since.system > seconds * 1e6) resolve('too long')
    }, 1000).unref()
  })
  return { promise, clear: () => clearInterval(timer) }
}

t.test('no change to an archive makes reading it crash, hang or take more than its bounds', async (t) => {
  const until = Date.now() + (seconds * 1000) / Math.sqrt(slowness())
  const verdicts = new Map<string, number>()
  let runs = 0
  let longest = 0
  const goesOn = () => Date.now() < until || runs < leastRuns || (verdicts.size < 2 && runs < mostRuns)
  for (let seed = firstSeed; goesOn(); seed++) {
    const { bytes, random } = mutatedArchive(seed)
    const limit = tooLong(cpuSeconds)
    try {
      const outcome = await Promise.race([
        inspectImage(inChunks(bytes, 1 + random.below(70_000)), { claimed: 'amd64', path: '/bin/sh', digest: 'x' }),
        limit.promise
      ])
      if (outcome === 'too long') {
        t.fail(`FUZZ_SEED=${seed}: not done after ${cpuSeconds} s of CPU`)
        break
      }
      const { report } = outcome
      verdicts.set(report.verdict, (verdicts.get(report.verdict) ?? 0) + 1)
      longest = Math.max(longest, JSON.stringify(report).length)
      if (report.tarball.size !== bytes.length) t.fail(`FUZZ_SEED=${seed}: ${report.tarball.size} of ${bytes.length} bytes read`)
      if (report.verdict === 'unreadable' && !report.problems.some(({ fatal }) => fatal))
        t.fail(`FUZZ_SEED=${seed}: unreadable without a reason`)
    } catch (error) {
      t.fail(`FUZZ_SEED=${seed}: ${(error as Error).stack}`)
    } finally {
      limit.clear()
    }
    runs++
  }

  t.comment(`${runs} archives from seed ${firstSeed}: ${JSON.stringify(Object.fromEntries(verdicts))}`)
  t.ok(runs > 0)
  t.ok(longest < 200_000, `the longest report has ${longest} characters`)
  t.ok(verdicts.size > 1, 'the changes are seen')
  const rss = process.memoryUsage().rss / 1024 ** 2
  t.ok(rss < 400, `${rss.toFixed(0)} MiB of memory, with the test's own`)
})
