import type { Budget } from './budget.ts'
import type { FileKind } from './elf.ts'
import type { LayerLog } from './layer-changes.ts'
import { createPace, type Pace } from './pace.ts'

/*
 * The file system that layers make when they are laid over one another. Only what can matter is a node: directories, links, programs and
 * scripts. All other files are names in their directory.
 */

export type FileNode = Directory | Symlink | FileKind | Data | Gone

interface Directory {
  kind: 'directory'
  entries: Map<string, FileNode>
  /** Names of other files, a string a layer, joined by "/"; entries beat them. */
  data: string[]
}
interface Symlink {
  kind: 'symlink'
  target: string
}
/** A file that is neither program nor script. */
interface Data {
  kind: 'data'
}
/** Deleted by a whiteout: hides a name in `data`. */
interface Gone {
  kind: 'gone'
}

export interface Located {
  /** From the root, without links. */
  path: string
  node: FileNode
  /** The symbolic links that led there, as "/bin -> usr/bin". */
  links: string[]
}

export interface FileSystem {
  /** What a path leads to, through links that never leave the root; undefined when nothing is there or links go round in circles. */
  locate(path: string): Located | undefined
  /** Every program and script with its path. */
  programs(): Iterable<{ path: string; file: FileKind }>
}

const data: Data = { kind: 'data' }
const gone: Gone = { kind: 'gone' }
function createDirectory(budget: Budget): Directory {
  budget.directory()
  return { kind: 'directory', entries: new Map(), data: [] }
}

/** A large image has hundreds of thousands of changes, so it gives way between them. */
export async function layFileSystem(layers: readonly LayerLog[], budget: Budget): Promise<FileSystem> {
  budget.image()
  const root = createDirectory(budget)
  const pace = createPace()
  for (const layer of layers) {
    if (budget.spent) break
    await applyLayer(layer, root, { budget, pace })
  }
  return {
    locate(path) {
      const found = walk(root, path, { budget, follow: true })
      if (found === undefined || found.node === undefined || found.node.kind === 'gone') return undefined
      return { path: `/${found.path.join('/')}`, node: found.node, links: found.links }
    },
    programs: () => programsOf(root)
  }
}

/** Deletions come first: they are about the layers below, wherever in the layer they stand. */
async function applyLayer(
  { changes, whiteouts, opaques }: LayerLog,
  root: Directory,
  { budget, pace }: { budget: Budget; pace: Pace }
): Promise<void> {
  for (const path of opaques) {
    if (pace.due()) await pace.rest()
    const node = walk(root, path, { budget, follow: true })?.node
    if (node?.kind !== 'directory') continue
    node.entries.clear()
    node.data.length = 0
  }
  for (const path of whiteouts) {
    if (pace.due()) await pace.rest()
    const { parent, name } = walk(root, path, { budget, follow: false }) ?? {}
    if (parent !== undefined && name !== undefined) parent.entries.set(name, gone)
  }
  for (const change of changes) {
    if (budget.spent) return
    if (pace.due()) await pace.rest()
    if (change.change === 'data') {
      const directory = directoryAt(root, change.directory, budget)
      if (directory !== undefined) addData(directory, change.names, budget)
      continue
    }
    const { parent, name, node } = walk(root, change.path, { budget, follow: false, create: true }) ?? {}
    if (parent === undefined || name === undefined) continue
    if (change.change === 'file') parent.entries.set(name, change.file)
    else if (change.change === 'symlink') parent.entries.set(name, { kind: 'symlink', target: change.target })
    else if (change.change === 'hardlink') addHardLink(change.target, { root, parent, name, budget })
    else if (node?.kind !== 'directory') parent.entries.set(name, createDirectory(budget))
  }
}

function addData(directory: Directory, names: string, budget: Budget): void {
  // an empty directory, as in most layers, has nothing to replace
  if (directory.entries.size > 0) {
    const split = names.split('/')
    budget.step(split.length)
    for (const name of split) directory.entries.delete(name)
  }
  directory.data.push(names)
}

interface HardLink {
  root: Directory
  parent: Directory
  name: string
  budget: Budget
}

function addHardLink(target: string, { root, parent, name, budget }: HardLink): void {
  const node = walk(root, target, { budget, follow: false })?.node
  // a link to a directory is not a thing; one to a file that is nowhere leaves nothing
  if (node === undefined || node.kind === 'directory' || node.kind === 'gone') return
  if (node.kind === 'data') addData(parent, name, budget)
  else parent.entries.set(name, node)
}

function directoryAt(root: Directory, path: string, budget: Budget): Directory | undefined {
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
  /** Whether a link at the end of the path is followed; links on the way always are. */
  follow: boolean
  /** Makes directories that are missing on the way, as unpacking does. */
  create?: boolean
}

interface Walked {
  path: string[]
  /** The directory that holds the last name; undefined for the root itself. */
  parent?: Directory
  name?: string
  node: FileNode | undefined
  links: string[]
}

function walk(root: Directory, path: string, { budget, follow, create = false }: Walk): Walked | undefined {
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

/** The names of a path, the first one last, as they are taken from the end. */
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

function* programsOf(root: Directory): Generator<{ path: string; file: FileKind }> {
  const ahead: { path: string; directory: Directory }[] = [{ path: '', directory: root }]
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    const below: typeof ahead = []
    for (const [name, node] of at.directory.entries) {
      const path = `${at.path}/${name}`
      if (node.kind === 'directory') below.push({ path, directory: node })
      else if (node.kind !== 'symlink' && node.kind !== 'data' && node.kind !== 'gone') yield { path, file: node }
    }
    // one at a time: as arguments they would have to fit on the stack
    for (const directory of below.reverse()) ahead.push(directory)
  }
}
