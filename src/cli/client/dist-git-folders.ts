import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { folderProblem } from '../../domain/releases/dist-git.ts'
import type { ChannelContainerfiles } from '../../schemas.ts'
import { misuse } from '../terminal/terminal.ts'

interface CommittedFolders {
  /** The root of the repository. */
  root: string
  /** The files that are committed, relative to the root. */
  committed: readonly string[]
  /** Returns the text of a Containerfile. */
  read(digest: string): Promise<string>
}

const containerfile = /^(.+)\/Containerfile(?:\.[^/]+)?$/

/**
 * Writes one folder for each image, with the Containerfiles of a set, and removes those of images that the set lacks. An image that was left
 * out keeps what it has, and other files stay. Returns the paths that changed.
 */
export async function writeFolders({ items, left_out: leftOut }: ChannelContainerfiles, folders: CommittedFolders): Promise<string[]> {
  const { root, committed } = folders
  const wanted = new Map(items.flatMap(({ repository, files }) => filesOf(repository, files)))
  const kept = new Set(leftOut.map(({ repository }) => repository))
  const removed = committed.filter((path) => {
    const [, repository] = containerfile.exec(path) ?? []
    return repository !== undefined && !kept.has(repository) && !wanted.has(path)
  })
  const texts = new Map<string, string>()
  for (const [path, digest] of wanted) {
    if (digestOfFile(join(root, path)) !== digest) texts.set(path, await folders.read(digest))
  }
  // from here on nothing is asked, so that a server that goes away leaves no half of a change
  for (const path of removed) remove(root, path)
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return [...removed, ...texts.keys()]
}

/** The names come from a server, and must stay in the repository. */
function filesOf(repository: string, files: { [name: string]: string }): [path: string, digest: string][] {
  const problem = folderProblem(repository)
  if (problem !== undefined) throw misuse(`${repository} cannot be written: ${problem}`)
  return Object.entries(files).map(([name, digest]) => {
    if (!/^Containerfile(?:\.[a-z0-9_-]+)?$/i.test(name)) throw misuse(`${repository} has a file ${name}; expected a Containerfile`)
    return [`${repository}/${name}`, digest]
  })
}

function digestOfFile(path: string): string | undefined {
  try {
    return `sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}`
  } catch {
    return undefined
  }
}

/** Removes a file, and the folders that it leaves empty. */
function remove(root: string, path: string): void {
  rmSync(join(root, path), { force: true })
  try {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) rmdirSync(join(root, folder))
  } catch {
    // it has other files
  }
}
