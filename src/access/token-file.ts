import { type FileHandle, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { replaceFile } from '../blobs/local/disk.ts'
import type { Identity } from '../domain/policy.ts'
import { parseTokenFile, type TokenRecord, toTokenLine } from './token.ts'

/** The tokens of a file, which is read again when it has changed. */
export type Tokens = ReturnType<typeof openTokens>

interface TokensOptions {
  path: string
  /** Called once for every version of the file that cannot be used as it is. */
  onProblem(message: string): void
}

/** A token that was revoked is refused after so long. */
const freshMs = 1000

/**
 * Opens a token file, which need not exist yet. Of a version with broken lines nothing is taken: the last good one stays, so that a slip of
 * the editor locks nobody out. If there is no good one, because the server has just started, the good lines count.
 */
export function openTokens({ path, onProblem }: TokensOptions) {
  let known = new Map<string, Identity>()
  let version = ''
  let isLoaded = false
  let checkedAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  return {
    /** Whether the file is due for another look. */
    isStale: () => performance.now() - checkedAt > freshMs,
    /** Looks whether the file has changed, and reads it if it has. */
    async refresh() {
      // one that has begun already may have missed the latest change
      await reading
      reading ??= look().finally(() => {
        reading = undefined
      })
      await reading
    },
    /** Whether there is such a file. */
    isThere: () => version !== '',
    /** Changes with every version of the file. */
    version: () => version,
    /** Returns whose token has this SHA-256. */
    find: (sha256: string) => known.get(sha256)
  }

  async function look(): Promise<void> {
    try {
      const { ino, size, mtimeMs } = await stat(path)
      const found = `${ino} ${size} ${mtimeMs}`
      if (found !== version) take(await readFile(path, 'utf8'), found)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') take('', '')
      else if (version !== code) {
        version = code ?? message
        onProblem(`the token file ${path} cannot be read (${code}); the tokens that were read before stay valid`)
      }
    }
    checkedAt = performance.now()
  }

  function take(text: string, found: string): void {
    const { records, problems } = parseTokenFile(text)
    version = found
    if (problems.length > 0) {
      const consequence = isLoaded ? 'the tokens that were read before stay valid' : 'the other lines are used'
      onProblem(`the token file ${path} is broken: ${problems.slice(0, 10).join('; ')}; ${consequence}`)
      if (isLoaded) return
    }
    isLoaded = problems.length === 0 && found !== ''
    known = new Map(records.map((record) => [record.sha256, toIdentity(record)]))
  }
}

const toIdentity = ({ name, scopes, match, expires }: TokenRecord): Identity => ({
  kind: 'token',
  name,
  scopes,
  match: match ?? undefined,
  expires: expires === null ? undefined : new Date(expires)
})

/** Reads a token file for a command. Returns no records if there is no such file. */
export async function readTokenFile(path: string): Promise<ReturnType<typeof parseTokenFile>> {
  try {
    return parseTokenFile(await readFile(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { records: [], problems: [] }
    throw error
  }
}

/** The file stays its owner's when root writes it: the server's. */
async function asBefore(file: FileHandle, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(path).catch(() => stat(dirname(path)))
  await file.chown(uid, gid)
}

/** Replaces a token file as a whole: a server sees the old one or the new one. Only its owner may read it. */
export async function writeTokenFile(path: string, records: readonly TokenRecord[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const lines = records.map((record) => `${toTokenLine(record)}\n`).join('')
  await replaceFile(path, lines, { mode: 0o600, onOpened: (file) => asBefore(file, path) })
}
