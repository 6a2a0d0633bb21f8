import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tap } from '../contract.ts'

/** A directory of this test's own, gone when it ends. */
export function temporaryDirectory(t: Pick<Tap, 'teardown'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'leporello-test-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
