import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What a process holds open, and its memory. */
export interface Handles {
  files: number
  sockets: number
  /** Resident memory, in MB. */
  memory: number
}

/** Counts what a process on Linux holds open. */
export function handlesOf(pid: number): Handles {
  const targets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      return [] // closed meanwhile
    }
  })
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
  const files = targets.filter((target) => target.startsWith('/')).length
  const sockets = targets.filter((target) => target.startsWith('socket:')).length
  return { files, sockets, memory: Math.round((Number(pages) * 4096) / 1e6) }
}
