import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import { projectFolder } from './project.ts'

/** Registry clients that are built with Go, where their installers put them. */
const builtClients = { crane: 'v0.22.1', regctl: 'v0.11.7', oras: 'v1.2.3', ko: 'v0.18.0' }

export const builtClient = (name: keyof typeof builtClients): string =>
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'leporello/images', `${name}-${builtClients[name]}`)

/** Real image archives, and the registry clients of the machine. */
export function samplesAndClients(t: Test) {
  const samples = t.testdir()
  const made = spawnSync(join(projectFolder, 'test/acceptance/images/make-samples'), [samples], { encoding: 'utf8' })
  t.equal(made.status, 0, made.stderr)
  return { sample: (name: string) => join(samples, name), crane: builtClient('crane') }
}

/**
 * Runs programs with an environment; each returns what it printed, or throws what it complained about. What it was asked is no part of that: a test
 * looks for the name of a platform in it.
 */
export const runWith =
  (env: NodeJS.ProcessEnv) =>
  (command: string, ...args: string[]): string => {
    const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env })
    if (status !== 0) throw new Error(`${basename(command)} ${args[0]} ended with ${status}: ${stdout}${stderr}`, { cause: error })
    return stdout.trim()
  }

export const run = runWith(process.env)
