import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { projectFolder } from './project.ts'

/** Real image archives, and the registry clients of the machine. */
export function samplesAndClients(t: Test) {
  const samples = t.testdir()
  const made = spawnSync(join(projectFolder, 'test/acceptance/images/make-samples'), [samples], { encoding: 'utf8' })
  t.equal(made.status, 0, made.stderr)
  const crane = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'leporello/images/crane-v0.22.1')
  return { sample: (name: string) => join(samples, name), crane }
}

/** Runs a program and returns what it printed, or throws what it complained about. */
export function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`, { cause: error })
  return stdout.trim()
}
