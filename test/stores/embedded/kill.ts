import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'
import { runProgram } from '../../support/processes.ts'
import type { Tap } from '../contract.ts'
import { documentOf } from './kill-writer.ts'

const program = fileURLToPath(new URL('./kill-writer.js', import.meta.url))
const fewest = 300

/**
 * Kills a process that writes, with no chance to tidy up, and opens its directory again: every write that it has acknowledged is there.
 * Round after round in the same directory.
 */
export async function killRounds(t: Tap, { rounds }: { rounds: number }): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'leporello-kill-'))
  t.teardown(() => rmSync(data, { recursive: true, force: true }))
  for (let round = 1; round <= rounds; round++) {
    await t.test(`every acknowledged write survives kill -9, round ${round} of ${rounds}`, async (t) => {
      const acknowledged = await writeUntilKilled({ data, round })

      const stores = await embeddedStores({ data, patienceMs: 60_000 })
      t.teardown(() => stores.close())
      await stores.migrate()
      const found = await stores.containers.getMany(acknowledged)
      const lost = acknowledged.filter((id, i) => found[i]?.document !== documentOf(id))
      t.ok(acknowledged.length >= fewest, `${acknowledged.length} were acknowledged`)
      t.strictSame(lost, [])
      t.equal((await stores.jobSpecs.get('removed'))?.document, undefined, 'an acknowledged removal holds as well')
    })
  }
}

/** Answers the ids that the process has acknowledged: those that it got to say before it died. */
async function writeUntilKilled({ data, round }: { data: string; round: number }): Promise<string[]> {
  const writer = runProgram([process.execPath, program, data, `${round}`])
  let said = ''
  writer.process.stdout!.on('data', (chunk: string) => {
    said += chunk
    if (said.split('\n').length > fewest) writer.process.kill('SIGKILL')
  })
  const closed = new Promise((resolve) => writer.process.once('close', resolve))
  const { signal } = await writer.ended
  await closed
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${writer.output()}`)
  // the last line may have been cut off
  return said.split('\n').slice(0, -1)
}
