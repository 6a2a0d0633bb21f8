import type { Budget } from './budget.ts'
import { type FileKind, headLength, identify, mayTell } from './elf.ts'
import type { Problem } from './problems.ts'
import { quoted } from './problems.ts'
import type { TarHandler, TarMember } from './tar-reader.ts'

/*
 * What a layer does to a file system, in the order of its members: enough to put layers together later, in whatever order they came.
 * Most files only matter as "something else stands here now", so of them only the names are kept, a string a directory.
 */

export type Change =
  | { change: 'data'; directory: string; names: string }
  | { change: 'file'; path: string; file: FileKind }
  | { change: 'symlink'; path: string; target: string }
  | { change: 'hardlink'; path: string; target: string }
  | { change: 'directory'; path: string }

export interface LayerLog {
  changes: Change[]
  /** Paths that are deleted from the layers below, and directories whose contents from below are. */
  whiteouts: string[]
  opaques: string[]
}

/** Of names in one string: what is done to it is done in one go. */
const longestRun = 4096

/** Files that share what they are; an image has a few dozen kinds, and one with more was made to take memory. */
const mostKinds = 10_000

export function createLayerLog(
  budget: Budget,
  problem: (problem: Problem) => void
): { handler: Omit<TarHandler, 'notTar'>; log: LayerLog; close(): void } {
  const log: LayerLog = { changes: [], whiteouts: [], opaques: [] }
  const kinds = new Map<string, FileKind>()
  let current: TarMember | undefined
  let path = ''
  let head: Buffer | undefined
  let looking = false
  let run: { directory: string; names: string[] } | undefined

  const remember = (change: Change) => {
    budget.change()
    log.changes.push(change)
  }
  const push = (change: Change) => {
    flush()
    remember(change)
  }
  function flush(): void {
    if (run !== undefined) remember({ change: 'data', directory: run.directory, names: run.names.join('/') })
    run = undefined
  }

  function data(at: string): void {
    const slash = at.lastIndexOf('/')
    const directory = slash === -1 ? '' : at.slice(0, slash)
    if (run?.directory !== directory || run.names.length >= longestRun) {
      flush()
      run = { directory, names: [] }
      budget.entry(directory.length)
    }
    const name = at.slice(slash + 1)
    budget.entry(name.length)
    run.names.push(name)
  }

  /** Equal files (many thousand scripts and libraries look alike) share one object. */
  function shared(file: FileKind): FileKind {
    const key = JSON.stringify(file)
    const known = kinds.get(key)
    if (known !== undefined) return known
    if (kinds.size < mostKinds) kinds.set(key, file)
    return file
  }

  function whiteout(at: string): boolean {
    const slash = at.lastIndexOf('/')
    const name = at.slice(slash + 1)
    if (!name.startsWith('.wh.')) return false
    budget.entry(at.length)
    if (name === '.wh..wh..opq') log.opaques.push(at.slice(0, Math.max(slash, 0)))
    // other .wh..wh. names are AUFS's own bookkeeping
    else if (!/^\.wh\.(\.wh\.|\.{0,2}$)/.test(name)) log.whiteouts.push(at.slice(0, slash + 1) + name.slice('.wh.'.length))
    return true
  }

  function link(change: 'symlink' | 'hardlink', target: string) {
    budget.entry(path.length + target.length)
    if (change === 'symlink') return push({ change, path, target })
    const inside = insideRoot(target)
    if (inside !== undefined) return push({ change, path, target: inside })
    problem({ code: 'link_outside', message: `the hard link ${quoted(path)} points out of the image, to ${quoted(target)}`, fatal: true })
  }

  function classify() {
    looking = false
    const file = head === undefined ? undefined : identify(head)
    head = undefined
    if (file === undefined) return data(path)
    budget.entry(path.length + ('interpreter' in file ? (file.interpreter?.length ?? 0) : 0))
    push({ change: 'file', path, file: shared(file) })
  }

  const handler: Omit<TarHandler, 'notTar'> = {
    member(member) {
      current = undefined
      const inside = insideRoot(member.name)
      if (inside === undefined) {
        return problem({ code: 'path_traversal', message: `the file ${quoted(member.name)} lies out of the image`, fatal: true })
      }
      path = inside
      if (path === '' || whiteout(path)) return
      if (member.type === 'directory') {
        budget.entry(path.length)
        return push({ change: 'directory', path })
      }
      if (member.type === 'symlink' || member.type === 'hardlink') return link(member.type, member.target)
      if (member.sparse) {
        problem({ code: 'sparse_file', message: `${quoted(path)} is a sparse file, whose bytes are not looked at`, fatal: false })
      }
      if (member.type === 'other' || member.sparse || member.size < 4) return data(path)
      current = member
      looking = true
    },
    data(chunk) {
      if (!looking || current === undefined) return
      const wanted = Math.min(headLength, current.size)
      if (head === undefined && chunk.length >= 4 && !mayTell(chunk)) return classify()
      // a copy only when the head comes in pieces
      head = head === undefined ? chunk.subarray(0, wanted) : Buffer.concat([head, chunk.subarray(0, wanted - head.length)])
      if (head.length >= wanted || (head.length >= 4 && !mayTell(head))) classify()
    },
    memberEnd() {
      if (looking && current !== undefined) classify()
      current = undefined
    },
    problem
  }
  return { handler, log, close: flush }
}

/** A path from the root, without `.`, `//` and `..`; undefined when it leads out. Absolute paths are taken from the root, as readers do. */
export function insideRoot(name: string): string | undefined {
  if (!/(^|\/)(\.{0,2}(\/|$))/.test(name)) return name
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined
    if (part !== '' && part !== '.' && part !== '..') parts.push(part)
  }
  return parts.join('/')
}
