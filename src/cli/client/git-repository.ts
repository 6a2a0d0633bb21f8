import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { promisify } from 'node:util'
import { environmentOfGit } from '../../config/environment.ts'
import { misuse } from '../terminal/terminal.ts'

/** A git repository in a folder, changed by the git program of this machine. */
export type GitRepository = Awaited<ReturnType<typeof openRepository>>

interface GitCommit {
  paths: readonly string[]
  message: string
  author: string
  /** ISO 8601. The same changes at the same times make the same commits. */
  at: string
}

const committer = { GIT_COMMITTER_NAME: 'Leporello', GIT_COMMITTER_EMAIL: 'leporello@localhost' }
const maxOutput = 64 * 1024 * 1024
const mostShown = 5

/** Opens the repository in a folder, or makes one where it is empty or absent. Throws where it is foreign, or has uncommitted changes. */
export async function openRepository(folder: string) {
  mkdirSync(folder, { recursive: true })
  const root = realpathSync(folder)
  if (readdirSync(root).length === 0) await git(root, ['-c', 'init.defaultBranch=main', 'init', '--quiet'])
  await refuseForeign(root)
  const hasCommits = async () => (await git(root, ['rev-list', '--all', '--max-count=1'])) !== ''
  return {
    folder: root,
    hasCommits,
    /** Returns the paths of the files in the last commit. */
    files: async () => ((await hasCommits()) ? await listed(root) : []),
    /** Returns the last value of a trailer of commit messages, or undefined where no commit has it. */
    async lastTrailer(name: string): Promise<string | undefined> {
      if (!(await hasCommits())) return undefined
      const only = ['--max-count=1', `--grep=^${name}: `, `--format=%(trailers:key=${name},valueonly)`]
      return (await git(root, ['log', ...only])).trim() || undefined
    },
    /** Commits these paths as they are in the folder, and nothing else. */
    async commit({ paths, message, author, at }: GitCommit): Promise<void> {
      await git(root, ['-c', 'core.autocrlf=false', 'update-index', '--add', '--remove', '-z', '--stdin'], { input: paths.join('\0') })
      const by = [`--author=${author}`, `--date=${at}`]
      await git(root, ['commit', '--quiet', ...by, '--file=-'], { input: message, environment: { ...committer, GIT_COMMITTER_DATE: at } })
    },
    /** Pushes the current branch to `origin`. */
    async push(): Promise<void> {
      await git(root, ['push', '--quiet', 'origin', 'HEAD'])
    }
  }
}

async function refuseForeign(root: string): Promise<void> {
  const expected = 'expected an empty folder, or a repository that dist-git made'
  const top = await git(root, ['rev-parse', '--show-toplevel']).catch((error: Error & { absent?: boolean }) => {
    if (error.absent) throw error
    return undefined
  })
  if (top === undefined) throw misuse(`${root} has files, and is not a git repository; ${expected}`)
  if (realpathSync(top.trim()) !== root) throw misuse(`${root} is inside the git repository ${top.trim()}; ${expected}`)
  const changes = (await git(root, ['status', '--porcelain', '-z', '--untracked-files=all'])).split('\0').filter(Boolean)
  if (changes.length === 0) return
  const more = changes.length > mostShown ? `, and ${changes.length - mostShown} more` : ''
  const names = changes.slice(0, mostShown).map((line) => line.slice(3))
  throw misuse(`${root} has changes that are not committed: ${names.join(', ')}${more}; commit them, or take them away`)
}

/** A symbolic link could lead a write out of the repository. */
async function listed(root: string): Promise<string[]> {
  const entries = (await git(root, ['ls-files', '--stage', '-z'])).split('\0').filter(Boolean)
  const link = entries.find((entry) => entry.startsWith('120000'))
  if (link !== undefined) throw misuse(`${root} has the symbolic link ${link.split('\t')[1]}; expected files and folders only`)
  return entries.map((entry) => entry.slice(entry.indexOf('\t') + 1))
}

type GitInput = { input?: string; environment?: Record<string, string> }

async function git(root: string, args: string[], { input = '', environment = {} }: GitInput = {}): Promise<string> {
  const running = execute('git', args, { cwd: root, env: { ...environmentOfGit(), ...environment }, maxBuffer: maxOutput })
  // git may end before it has read everything; its exit status tells
  running.child.stdin?.on('error', () => {}).end(input)
  const { stdout } = await running.catch((error) => {
    if (error.code === 'ENOENT') throw Object.assign(new Error('git was not found; install it, or add it to PATH'), { absent: true })
    const what = args.find((arg) => /^[a-z-]+$/.test(arg) && !arg.startsWith('-'))
    throw new Error(`git ${what} in ${root} failed: ${error.stderr.trim() || error.message}`)
  })
  return stdout
}

const execute = promisify(execFile)
