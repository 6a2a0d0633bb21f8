import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import { goProgram } from './go-programs.ts'
import { projectFolder } from './project.ts'

const goClients = {
  regctl: { path: 'github.com/regclient/regclient/cmd/regctl', version: 'v0.11.7', name: 'regctl' },
  oras: { path: 'oras.land/oras/cmd/oras', version: 'v1.2.3', name: 'oras', module: 'oras.land/oras' },
  ko: { path: 'github.com/google/ko', version: 'v0.18.0', name: 'ko' }
}

/** Returns the file of a registry client. */
export const goClient = (name: keyof typeof goClients): Promise<string> => goProgram(goClients[name])

const crane = () => join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'leporello/images/crane-v0.22.1')

/** Real image archives, and the registry clients of the machine. */
export function samplesAndClients(t: Test) {
  const samples = t.testdir()
  const made = spawnSync(join(projectFolder, 'test/acceptance/images/make-samples'), [samples], { encoding: 'utf8' })
  t.equal(made.status, 0, made.stderr)
  return { sample: (name: string) => join(samples, name), crane: crane() }
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
