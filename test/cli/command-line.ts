import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Test } from 'tap'
import { temporaryDirectory } from '../stores/embedded/directory.ts'

export interface Running {
  child: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves when standard error holds a match. Throws when the program ends before. */
  says(pattern: RegExp): Promise<RegExpMatchArray>
  /** The exit status, and what was said. */
  ended: Promise<{ status: number | null; stdout: string; stderr: string }>
}

/** The program as users start it, with no variable of this process but PATH; killed when the test ends. */
export function leporello(t: Test, { args, environment = {} }: { args: string[]; environment?: Record<string, string> }): Running {
  const child = spawn(process.execPath, [resolve('build/src/main.js'), ...args], {
    cwd: temporaryDirectory(t),
    env: { PATH: process.env['PATH'], ...environment }
  })
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      said[stream] += text
    })
  }
  const ended = once(child, 'close').then(([status]) => ({ status, ...said }))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, ended, stdout: () => said.stdout, stderr: () => said.stderr, says: (pattern) => says(pattern, { child, said }) }
}

function says(pattern: RegExp, { child, said }: { child: ChildProcess; said: { stderr: string } }): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const match = pattern.exec(said.stderr)
      if (match) resolve(match)
    }
    child.stderr!.on('data', look)
    child.once('close', () => reject(new Error(`it ended without saying ${pattern}: ${said.stderr}`)))
    look()
  })
}
