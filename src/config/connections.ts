import { readFileSync } from 'node:fs'
import type { RuleContext } from './config.ts'

/** Files for the stores, the log, the engine and the program itself. */
const reserved = 64
const usual = 4096

/** Returns how many connections there may be by default: each may have one more file open, such as a tarball. */
export const connectionsFor = (files: number): number => Math.min(usual, Math.max(8, Math.floor((files - reserved) / 2)))

/** Returns how many files this process may have open. Node raises the limit to the hard one when it starts. */
export function openFiles(): number {
  try {
    const [, soft = ''] = /^Max open files\s+(\w+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft) || usual
  } catch {
    return usual // not on Linux
  }
}

export function connectionsFrom({ settings, problems, named }: RuleContext): number {
  const files = openFiles()
  const { connections = connectionsFor(files) } = settings
  if (settings.connections !== undefined && connections > files - reserved) {
    const expected = `at most ${Math.max(8, files - reserved)}, or a higher limit (ulimit -n, LimitNOFILE of systemd)`
    problems.push(`${named('connections')} is ${connections}, but this process may open only ${files} files; expected ${expected}`)
  }
  return connections
}
