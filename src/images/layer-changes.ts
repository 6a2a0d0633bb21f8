import type { Budget } from './budget.ts'
import type { FileKind } from './elf.ts'

/*
 * Records what a layer does to a file system, in the order of its members, so that layers can be combined later, in whatever order they
 * arrived. For most files all that matters is that they replace something, so only their names are kept, one string per directory.
 */

export type Change =
  | { change: 'data'; directory: string; names: string }
  | { change: 'file'; path: string; file: FileKind }
  | { change: 'symlink' | 'hardlink'; path: string; target: string }
  | { change: 'directory'; path: string }

export interface LayerLog {
  changes: Change[]
  /** Paths deleted from the layers below, and directories whose contents from below are deleted. */
  whiteouts: string[]
  opaques: string[]
}

/** The largest number of names in one string, since whatever happens to it blocks the event loop. */
const longestRun = 4096

/** The largest number of shared file kinds. An image has a few dozen; one with more was crafted to take memory. */
const mostKinds = 10_000

/** Shares one object among equal files; thousands of scripts and libraries look alike. */
function createSharing(): (file: FileKind) => FileKind {
  const kinds = new Map<string, FileKind>()
  return (file) => {
    const key = JSON.stringify(file)
    const known = kinds.get(key)
    if (known !== undefined) return known
    if (kinds.size < mostKinds) kinds.set(key, file)
    return file
  }
}

export function createLayerChanges(budget: Budget) {
  const log: LayerLog = { changes: [], whiteouts: [], opaques: [] }
  const shared = createSharing()
  // names of consecutive files in one directory
  let run: { directory: string; names: string[] } | undefined

  function remember(change: Change): void {
    budget.change()
    log.changes.push(change)
  }

  function flush(): void {
    if (run !== undefined) remember({ change: 'data', directory: run.directory, names: run.names.join('/') })
    run = undefined
  }

  /** Adds a change of which so many characters are kept. */
  function push(change: Change, length: number): void {
    budget.entry(length)
    flush()
    remember(change)
  }

  return {
    log,
    /** Adds a file that is neither a program nor a script. */
    data(path: string): void {
      const slash = path.lastIndexOf('/')
      const directory = slash === -1 ? '' : path.slice(0, slash)
      if (run?.directory !== directory || run.names.length >= longestRun) {
        flush()
        run = { directory, names: [] }
        budget.entry(directory.length)
      }
      const name = path.slice(slash + 1)
      budget.entry(name.length)
      run.names.push(name)
    },
    file: (path: string, kind: FileKind): void =>
      push({ change: 'file', path, file: shared(kind) }, path.length + ('interpreter' in kind ? (kind.interpreter?.length ?? 0) : 0)),
    directory: (path: string): void => push({ change: 'directory', path }, path.length),
    link: (link: Extract<Change, { target: string }>): void => push(link, link.path.length + link.target.length),
    /** Adds a whiteout and returns true, if the path is one. */
    whiteout(path: string): boolean {
      const isWhiteout = addWhiteout(log, path)
      if (isWhiteout) budget.entry(path.length)
      return isWhiteout
    },
    /** Call it after the last change. */
    close: flush
  }
}

/** Returns whether the path is a whiteout. */
function addWhiteout({ opaques, whiteouts }: LayerLog, path: string): boolean {
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  if (!name.startsWith('.wh.')) return false
  if (name === '.wh..wh..opq') opaques.push(path.slice(0, Math.max(slash, 0)))
  // other names that begin with .wh..wh. are bookkeeping of AUFS
  else if (!/^\.wh\.(\.wh\.|\.{0,2}$)/.test(name)) whiteouts.push(path.slice(0, slash + 1) + name.slice('.wh.'.length))
  return true
}
