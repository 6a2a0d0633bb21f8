import type { Budget } from './budget.ts'
import type { FileKind } from './elf.ts'

/*
 * What a layer does to a file system, in the order of its members: enough to put layers together later, in whatever order they came.
 * Of most files it only matters that something else stands there now, so only their names are kept, one string for each directory.
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

export interface LayerChanges {
  readonly log: LayerLog
  /** A file that is neither program nor script. */
  data(path: string): void
  file(path: string, kind: FileKind): void
  directory(path: string): void
  link(link: { change: 'symlink' | 'hardlink'; path: string; target: string }): void
  /** Whether the path is a whiteout, which is noted then. */
  whiteout(path: string): boolean
  /** To be called behind the last change. */
  close(): void
}

/** Names in one string: whatever is done to it is done in one go. */
const longestRun = 4096

/** Kinds of files that are shared; an image has a few dozen, and one with more was made to take memory. */
const mostKinds = 10_000

/** The names of files that follow one another in a directory. */
interface Run {
  directory: string
  names: string[]
}

export function createLayerChanges(budget: Budget): LayerChanges {
  const log: LayerLog = { changes: [], whiteouts: [], opaques: [] }
  const kinds = new Map<string, FileKind>()
  let run: Run | undefined

  function remember(change: Change): void {
    budget.change()
    log.changes.push(change)
  }

  function flush(): void {
    if (run !== undefined) remember({ change: 'data', directory: run.directory, names: run.names.join('/') })
    run = undefined
  }

  function push(change: Change): void {
    flush()
    remember(change)
  }

  /** Equal files (many thousand scripts and libraries look alike) share one object. */
  function shared(file: FileKind): FileKind {
    const key = JSON.stringify(file)
    const known = kinds.get(key)
    if (known !== undefined) return known
    if (kinds.size < mostKinds) kinds.set(key, file)
    return file
  }

  return {
    log,
    data(path) {
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
    file(path, kind) {
      budget.entry(path.length + ('interpreter' in kind ? (kind.interpreter?.length ?? 0) : 0))
      push({ change: 'file', path, file: shared(kind) })
    },
    directory(path) {
      budget.entry(path.length)
      push({ change: 'directory', path })
    },
    link(link) {
      budget.entry(link.path.length + link.target.length)
      push(link)
    },
    whiteout(path) {
      const slash = path.lastIndexOf('/')
      const name = path.slice(slash + 1)
      if (!name.startsWith('.wh.')) return false
      budget.entry(path.length)
      if (name === '.wh..wh..opq') log.opaques.push(path.slice(0, Math.max(slash, 0)))
      // other names with .wh..wh. are AUFS's own bookkeeping
      else if (!/^\.wh\.(\.wh\.|\.{0,2}$)/.test(name)) log.whiteouts.push(path.slice(0, slash + 1) + name.slice('.wh.'.length))
      return true
    },
    close: flush
  }
}
