import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** What is started in a root file system that a loader has unpacked. */
export interface Started {
  /** From the root, without links. */
  path: string
  /** The first 64 bytes, or as many as there are. */
  head: Buffer
}

export interface CommandLine {
  argv: readonly string[]
  env: readonly string[]
  workingDirectory: string
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const headLength = 64
const mostLinks = 40

/** The file that execve gets, found as runc and crun do within the new root: by its path, or by PATH among executable files. */
export function startedIn(root: string, { argv, env, workingDirectory }: CommandLine): Started | undefined {
  const [named = ''] = argv
  if (named === '') return undefined
  const cwd = workingDirectory || '/'
  if (named.includes('/')) return readHead(root, resolve(root, named.startsWith('/') ? named : `${cwd}/${named}`))
  const path = env.findLast((one) => one.startsWith('PATH='))?.slice('PATH='.length) || defaultPath
  for (const directory of path.split(':')) {
    const found = resolve(root, `${directory || cwd}/${named}`)
    if (found !== undefined && isExecutable(join(root, found))) return readHead(root, found)
  }
  return undefined
}

/** Follows every link within the root, as if it were `/`. Undefined where nothing is there, or links go round in circles. */
function resolve(root: string, path: string): string | undefined {
  const ahead = path.split('/').reverse()
  let at: string[] = []
  let links = 0
  while (ahead.length > 0) {
    const name = ahead.pop()!
    if (name === '' || name === '.') continue
    if (name === '..') {
      at.pop()
      continue
    }
    const here = join(root, ...at, name)
    const target = linkAt(here)
    if (target === undefined) return undefined
    if (target === null) at.push(name)
    else if (++links > mostLinks) return undefined
    else {
      if (target.startsWith('/')) at = []
      ahead.push(...target.split('/').reverse())
    }
  }
  return `/${at.join('/')}`
}

/** Where a link leads; null for what is no link, undefined when nothing is there. */
function linkAt(path: string): string | null | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null
  } catch {
    return undefined
  }
}

function isExecutable(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat !== undefined && !stat.isDirectory() && (stat.mode & 0o111) !== 0
}

/** A directory is nothing that can be started; of a device or a pipe there is nothing to read. */
function readHead(root: string, path: string | undefined): Started | undefined {
  const stat = path === undefined ? undefined : statSync(join(root, path), { throwIfNoEntry: false })
  if (path === undefined || stat === undefined || stat.isDirectory()) return undefined
  if (!stat.isFile()) return { path, head: Buffer.alloc(0) }
  const file = openSync(join(root, path), 'r')
  try {
    const head = Buffer.alloc(headLength)
    return { path, head: head.subarray(0, readSync(file, head, 0, headLength, 0)) }
  } finally {
    closeSync(file)
  }
}

/** The first bytes of every file. */
export function headsIn(root: string): Buffer[] {
  return readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return []
    return readHead(root, `/${relative(root, join(entry.parentPath, entry.name))}`)?.head ?? []
  })
}
