import { createHash } from 'node:crypto'
import type { Budget } from './budget.ts'
import { type Content, contentOf } from './compression.ts'
import { insideRoot } from './layer-log.ts'
import { createLayerScan, type LayerScan, type LayerSummary } from './layer-scan.ts'
import { fatal, type ProblemList, quoted } from './problems.ts'
import type { TarHandler, TarMember } from './tar-reading.ts'

/** What is kept of one member of the archive. */
export interface Member {
  name: string
  size: number
  /** Where its bytes begin in the uncompressed archive; undefined for a sparse file. */
  offset: number | undefined
  digest: string
  content: Content
  /** The text of what looks like JSON; undefined when it was too large to keep. */
  text?: string | undefined
  layer?: LayerSummary
  /** Whether another member of this name has different bytes: two loaders may then load two different images. */
  ambiguous: boolean
}

export interface Members {
  /** Returns the member of this name, following links within the archive. */
  find(name: string): Member | undefined
  readonly names: Iterable<string>
  readonly count: number
}

export type MembersReader = ReturnType<typeof createMembersReader>

const headLength = 512

/** Reads an archive's members: keeps JSON, and reads what begins like a tar, gzip or zstd as a layer, as the manifest may come last. */
export function createMembersReader(budget: Budget, problems: ProblemList) {
  const members = new Map<string, Member>()
  const links = new Map<string, string>()
  const ending = new Set<Promise<void>>()
  let current: ReturnType<typeof createReading> | undefined
  let count = 0

  function keep(member: Member): void {
    const known = members.get(member.name)
    if (known !== undefined) member.ambiguous = known.ambiguous || known.digest !== member.digest
    members.set(member.name, member)
  }

  const handler: Omit<TarHandler, 'notTar'> = {
    member({ name: given, type, target, size, holes, offset }: TarMember) {
      current = undefined
      budget.member()
      if (budget.spent) return
      count++
      const name = insideRoot(given)
      if (name === undefined) return problems.add(fatal('path_traversal', `the member ${quoted(given)} lies outside the archive`))
      if (type === 'symlink' || type === 'hardlink') links.set(name, type === 'hardlink' ? target : `${parentOf(name)}/${target}`)
      else links.delete(name)
      budget.unpacked(holes)
      if (type === 'file') current = createReading({ name, size, offset }, budget)
    },
    data(chunk) {
      if (!budget.spent) current?.write(chunk)
    },
    memberEnd() {
      if (current === undefined) return
      const done = current.end(keep)
      if (done !== undefined) {
        ending.add(done)
        done.then(() => ending.delete(done))
      }
      current = undefined
    },
    problem: (problem) => problems.add(problem)
  }

  return {
    handler,
    settled: (): Promise<unknown> | undefined => (ending.size > 0 ? Promise.all([...ending, current?.settled()]) : current?.settled()),
    /** Call it at the end, when everything has settled. */
    members: (): Members => ({ find: (name) => follow(name, { members, links }), names: members.keys(), count })
  }
}

const parentOf = (name: string) => name.slice(0, Math.max(name.lastIndexOf('/'), 0))

function follow(name: string, { members, links }: { members: Map<string, Member>; links: Map<string, string> }): Member | undefined {
  let at: string | undefined = insideRoot(name)
  for (let hops = 0; at !== undefined && hops < 8; hops++) {
    const target = links.get(at)
    if (target === undefined) return members.get(at)
    at = insideRoot(target)
  }
  return undefined
}

function createReading({ name, size, offset }: Pick<Member, 'name' | 'size' | 'offset'>, budget: Budget) {
  const hash = createHash('sha256')
  let head: Buffer | undefined = Buffer.alloc(0)
  let content: Content = 'other'
  let scan: LayerScan | undefined
  let text: Buffer[] | undefined

  function begin(first: Buffer): void {
    head = undefined
    content = contentOf(first)
    if (content === 'tar') scan = createLayerScan(name, { compression: 'none', budget })
    else if (content === 'gzip' || content === 'zstd') scan = createLayerScan(name, { compression: content, budget })
    else if (content === 'json' && size <= budget.limits.documentBytes && budget.document(size)) text = []
    pass(first)
  }

  function pass(chunk: Buffer): void {
    scan?.write(chunk)
    text?.push(chunk)
  }

  return {
    write(chunk: Buffer) {
      hash.update(chunk)
      if (head === undefined) return pass(chunk)
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      if (head.length >= headLength) begin(head)
    },
    /** Passes the member to `keep`, immediately or once its layer has been unpacked. */
    end(keep: (member: Member) => void): Promise<void> | undefined {
      if (head !== undefined) begin(head)
      const member: Member = { name, size, offset, digest: `sha256:${hash.digest('hex')}`, content, ambiguous: false }
      if (text !== undefined) member.text = Buffer.concat(text).toString('utf8')
      if (scan === undefined) return void keep(member)
      scan.end()
      const finished = scan
      const finish = () => keep({ ...member, layer: finished.summary(member.digest) })
      const settled = scan.settled()
      return settled === undefined ? void finish() : settled.then(finish)
    },
    settled: () => scan?.settled()
  }
}
