import type { Budget } from './budget.ts'
import type { FileKind } from './elf.ts'
import { createDirectory, type Directory, directoryAt, type FileNode, gone, walk } from './file-tree.ts'
import type { LayerLog } from './layer-changes.ts'
import { createPace, type Pace } from './pace.ts'

export interface Located {
  /** The path from the root, with all links resolved. */
  path: string
  node: FileNode
  /** The symbolic links that lead there, as "/bin -> usr/bin". */
  links: string[]
}

export type FileSystem = Awaited<ReturnType<typeof layFileSystem>>

/** Lays an image's layers over one another. A large image has hundreds of thousands of changes, so other work runs in between. */
export async function layFileSystem(layers: readonly LayerLog[], budget: Budget) {
  budget.image()
  const root = createDirectory(budget)
  const pace = createPace()
  for (const layer of layers) {
    if (budget.spent) break
    await applyLayer(layer, root, { budget, pace })
  }
  return {
    /** Resolves a path, following links within the root. Undefined when nothing is there or links form a cycle. */
    locate(path: string): Located | undefined {
      const found = walk(root, path, { budget, follow: true })
      if (found === undefined || found.node === undefined || found.node.kind === 'gone') return undefined
      return { path: `/${found.path.join('/')}`, node: found.node, links: found.links }
    },
    /** Returns every program and script with its path. */
    programs: () => programsOf(root)
  }
}

/** Applies deletions first, because they concern only the layers below, wherever in the layer they appear. */
async function applyLayer(layer: LayerLog, root: Directory, { budget, pace }: { budget: Budget; pace: Pace }): Promise<void> {
  const { changes, whiteouts, opaques } = layer
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
    else if (change.change === 'hardlink') {
      const target = walk(root, change.target, { budget, follow: false })?.node
      // hard links to directories do not exist, and one to a missing file creates nothing
      if (target?.kind === 'data') addData(parent, name, budget)
      else if (target !== undefined && target.kind !== 'directory' && target.kind !== 'gone') parent.entries.set(name, target)
    } else if (node?.kind !== 'directory') parent.entries.set(name, createDirectory(budget))
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

function* programsOf(root: Directory): Generator<{ path: string; file: FileKind }> {
  const ahead: { path: string; directory: Directory }[] = [{ path: '', directory: root }]
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    const below: typeof ahead = []
    for (const [name, node] of at.directory.entries) {
      const path = `${at.path}/${name}`
      if (node.kind === 'directory') below.push({ path, directory: node })
      else if (node.kind !== 'symlink' && node.kind !== 'data' && node.kind !== 'gone') yield { path, file: node }
    }
    // pushed one at a time, since they might not all fit on the stack as arguments
    for (const directory of below.reverse()) ahead.push(directory)
  }
}
