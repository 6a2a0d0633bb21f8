import type { FileKind } from './elf.ts'
import type { FileSystem, Located } from './file-system.ts'
import type { ImageLimits } from './limits.ts'

export type Role = 'entrypoint' | 'command' | 'shell' | 'interpreter' | 'loader'

/** A file that runs whenever the image does. */
export interface DecisiveFile {
  role: Role
  /** The name by which the configuration, a script or a program refers to it. */
  named: string
  /** Where the name leads in the image; undefined when it leads nowhere. */
  path?: string
  links: string[]
  file: FileKind | { kind: 'data' | 'directory' } | undefined
}

/** How a configuration starts the image. */
export interface Start {
  entrypoint: string[]
  command: string[]
  shell: string[]
  path: string
  workingDirectory: string
}

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Returns the entry point, the command and the shell, and the script interpreters and loaders that each of them needs. */
export function decisiveFiles(fileSystem: FileSystem, { start, limits }: { start: Start; limits: ImageLimits }): DecisiveFile[] {
  const files: DecisiveFile[] = []
  const seen = new Set<string>()

  function add(role: Role, { named, optional = false, depth = 0 }: { named: string; optional?: boolean; depth?: number }): void {
    const located = role === 'loader' || role === 'shell' ? fileSystem.locate(named) : findProgram(fileSystem, { named, start })
    if (located === undefined) {
      if (!optional) files.push({ role, named, links: [], file: undefined })
      return
    }
    const file = fileOf(located)
    if (seen.has(located.path) || (optional && (file.kind === 'data' || file.kind === 'directory'))) return
    seen.add(located.path)
    files.push({ role, named, path: located.path, links: located.links, file })
    if (depth >= limits.interpreters) return
    if (file.kind === 'script') add('interpreter', { named: interpreterOf(file.interpreter), depth: depth + 1 })
    if (file.kind === 'elf' && file.interpreter) add('loader', { named: file.interpreter, optional: true, depth: depth + 1 })
  }

  const { entrypoint, command, shell } = start
  const argv = [...entrypoint, ...command]
  if (argv[0] !== undefined) add(entrypoint.length > 0 ? 'entrypoint' : 'command', { named: argv[0] })
  // an argument counts as a command only if it leads to a program: `tini -- /app`, `sh -c "exec /app"`
  for (const named of startedBy(entrypoint, command)) add('command', { named, optional: true })
  add('shell', { named: shell[0] ?? '/bin/sh', optional: true })
  return files
}

function startedBy(entrypoint: string[], command: string[]): string[] {
  const argv = [...entrypoint, ...command]
  const started = entrypoint.length > 0 && command[0] !== undefined ? [command[0]] : []
  const dashes = argv.indexOf('--')
  if (dashes > 0 && argv[dashes + 1] !== undefined) started.push(argv[dashes + 1]!)
  const [, line] = argv[1] === '-c' ? (/^\s*(?:exec\s+)?([\w./+-]+)/.exec(argv[2] ?? '') ?? []) : []
  if (line !== undefined) started.push(line)
  return started
}

/** Returns the kind of a file; links that lead nowhere count as data. */
export const fileOf = ({ node }: Located): FileKind | { kind: 'data' | 'directory' } => {
  if (node.kind === 'directory') return { kind: 'directory' }
  return node.kind === 'symlink' || node.kind === 'data' || node.kind === 'gone' ? { kind: 'data' } : node
}

/**
 * Finds a program as a shell and execve do: by its path, or in the directories of PATH, where files that nobody may execute are passed over.
 * Of data it is not known whether it may be executed; it counts only where there is nothing else.
 */
function findProgram(fileSystem: FileSystem, { named, start }: { named: string; start: Start }): Located | undefined {
  const from = (directory: string) => fileSystem.locate(named.startsWith('/') ? named : `${directory}/${named}`)
  if (named.includes('/')) return from(start.workingDirectory)
  let other: Located | undefined
  for (const directory of start.path.split(':').slice(0, 64)) {
    const located = from(directory || start.workingDirectory)
    if (located === undefined || located.node.kind === 'directory') continue
    if (isExecutable(located)) return located
    other ??= located
  }
  return other
}

const isExecutable = ({ node }: Located): boolean => node.kind !== 'data' && !('executable' in node)

/** The program that a `#!` line starts. For env, that is the first word that is neither an option nor an assignment. */
function interpreterOf(line: string): string {
  const [first = '', ...rest] = line.split(/\s+/)
  if (!/(^|\/)env$/.test(first)) return first
  return rest.find((word) => !word.startsWith('-') && !word.includes('=')) ?? first
}
