import type { Budget } from './budget.ts'
import type { FileKind } from './elf.ts'

/* The directory tree of an image. Nodes are directories, links, programs and scripts; all other files are just names in their directory. */

export type FileNode =
  | Directory
  | { kind: 'symlink'; target: string }
  | FileKind
  /** A file that is neither a program nor a script. */
  | { kind: 'data' }
  /** A file deleted by a whiteout; hides a name in the `data` of its directory. */
  | { kind: 'gone' }

export interface Directory {
  kind: 'directory'
  entries: Map<string, FileNode>
  /** Names of all other files, joined by "/", one string per layer. Entries take precedence over them. */
  data: string[]
}

const data = { kind: 'data' } as const
export const gone = { kind: 'gone' } as const

export function createDirectory(budget: Budget): Directory {
  budget.directory()
  return { kind: 'directory', entries: new Map(), data: [] }
}

/** The directory at a path, made where it is missing. Undefined when there is no way to it. */
export function directoryAt(root: Directory, path: string, budget: Budget): Directory | undefined {
  const found = walk(root, path, { budget, follow: true, create: true })
  if (found === undefined) return undefined
  if (found.node?.kind === 'directory') return found.node
  if (found.parent === undefined || found.name === undefined) return undefined
  const directory = createDirectory(budget)
  found.parent.entries.set(found.name, directory)
  return directory
}

interface Walk {
  budget: Budget
  /** Whether to follow a link at the end of the path; links on the way are always followed. */
  follow: boolean
  /** Whether to create missing directories on the way, as unpacking does. */
  create?: boolean
}

export interface Walked {
  path: string[]
  /** The directory that holds the last name; undefined for the root itself. */
  parent?: Directory
  name?: string
  node: FileNode | undefined
  links: string[]
}

/** Follows a path from the root, without ever leaving it. Undefined when it leads nowhere. */
export function walk(root: Directory, path: string, { budget, follow, create = false }: Walk): Walked | undefined {
  const above: Directory[] = [root]
  const names: string[] = []
  const links: string[] = []
  const ahead = namesOf(path)
  while (ahead.length > 0) {
    const name = ahead.pop()!
    budget.step(1)
    if (budget.spent) return undefined
    if (name === '..') {
      if (names.pop() !== undefined) above.pop()
      continue
    }
    const parent = above.at(-1)!
    const isLast = ahead.length === 0
    let node = parent.entries.get(name)
    if (node === undefined && isLast && holdsData(parent, name, budget)) node = data
    if (node?.kind === 'symlink' && (follow || !isLast)) {
      if (links.length >= budget.limits.links) return undefined
      links.push(`/${[...names, name].join('/')} -> ${node.target}`)
      ahead.push(...namesOf(node.target))
      if (node.target.startsWith('/')) {
        above.length = 1
        names.length = 0
      }
      continue
    }
    if (create && !isLast && node?.kind !== 'directory') {
      node = createDirectory(budget)
      parent.entries.set(name, node)
    }
    names.push(name)
    if (node?.kind === 'directory') above.push(node)
    if (isLast) return { path: names, parent, name, node, links }
    if (node?.kind !== 'directory') return undefined
  }
  return { path: names, node: above.at(-1)!, links }
}

/** The names in a path in reverse order, since they are taken from the end. */
const namesOf = (path: string) =>
  path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .reverse()

function holdsData({ data }: Directory, name: string, budget: Budget): boolean {
  return data.some((names) => {
    budget.step(1 + (names.length >> 6))
    return names === name || names.startsWith(`${name}/`) || names.endsWith(`/${name}`) || names.includes(`/${name}/`)
  })
}
