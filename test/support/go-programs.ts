import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface GoProgram {
  /** Of its main package, such as `github.com/distribution/distribution/v3/cmd/registry`. */
  path: string
  version: string
  /** In the cache, without the version. */
  name: string
  /** Its module, where `go install` refuses it for replacements in its go.mod. */
  module?: string
}

/** Returns the file of a program, which is built the first time (minutes) and stays in the user's cache. */
export async function goProgram({ path, version, name, module }: GoProgram): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'leporello/go')
  const file = join(cache, `${name}-${version}`)
  if (existsSync(file)) return file

  await mkdir(cache, { recursive: true })
  const part = await mkdtemp(join(cache, 'build.'))
  try {
    const options = { cwd: part, env: { ...process.env, GOBIN: part, GOFLAGS: '' } }
    if (module === undefined) await run('nice', ['go', 'install', `${path}@${version}`], options)
    else {
      await writeFile(join(part, 'go.mod'), `module leporello.test\n\ngo 1.23\n\nrequire ${module} ${version}\n`)
      await run('nice', ['go', 'build', '-mod=mod', '-o', basename(path), path], options)
    }
    await rename(join(part, basename(path)), file)
  } catch (error) {
    throw new Error(`${path}@${version} could not be built (go and its module proxy are needed)`, { cause: error })
  } finally {
    await rm(part, { recursive: true, force: true })
  }
  return file
}
