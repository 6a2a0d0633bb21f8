import type { Budget } from './budget.ts'
import { createFileHead, type FileHead } from './file-head.ts'
import { createLayerChanges } from './layer-changes.ts'
import { fatal, type Problem, quoted } from './problems.ts'
import type { TarHandler, TarMember } from './tar-reading.ts'

/** Records what the members of a layer do to a file system, and examines the beginning of each file. */
export function createLayerLog(budget: Budget, problem: (problem: Problem) => void) {
  const changes = createLayerChanges(budget)
  let path = ''
  let head: FileHead | undefined
  let executable = true

  function begin({ type, target, size, ...member }: TarMember) {
    if (type === 'directory') return changes.directory(path)
    if (type === 'symlink') return changes.link({ change: type, path, target })
    if (type === 'hardlink') {
      const inside = insideRoot(target)
      if (inside !== undefined) return changes.link({ change: type, path, target: inside })
      return problem(fatal('link_outside', `the hard link ${quoted(path)} points outside the image, to ${quoted(target)}`))
    }
    if (type === 'unknown') {
      const message = `${quoted(path)} has a type that no image loader unpacks; layers consist of files, directories, links and devices`
      return problem(fatal('member_type_unknown', message))
    }
    if (type === 'device' || size < 4) return changes.data(path)
    head = createFileHead(size)
    executable = member.executable
  }

  const handler: Omit<TarHandler, 'notTar'> = {
    member(member) {
      head = undefined
      const inside = insideRoot(member.name)
      if (inside === undefined) return problem(fatal('path_traversal', `the file ${quoted(member.name)} lies outside the image`))
      path = inside
      if (path !== '' && !changes.whiteout(path)) begin(member)
    },
    data: (chunk) => head?.data(chunk),
    hole: (length) => head?.hole(length),
    memberEnd() {
      if (head === undefined) return
      const kind = head.kind()
      if (kind === undefined) changes.data(path)
      else changes.file(path, executable ? kind : { ...kind, executable: false })
      head = undefined
    },
    problem
  }
  return { handler, log: changes.log, close: changes.close }
}

/** Normalizes a path, relative to the root and without `.`, `//` and `..`. Undefined when it leads outside. Loaders take absolute paths as relative to the root. */
export function insideRoot(name: string): string | undefined {
  if (!/(^|\/)(\.{0,2}(\/|$))/.test(name)) return name
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined
    if (part !== '' && part !== '.' && part !== '..') parts.push(part)
  }
  return parts.join('/')
}
