import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectFolder } from './project.ts'

const run = promisify(execFile)
const clients = join(projectFolder, 'test/acceptance/clients')

/** A Python with what the clients need. */
export const pythonWithClients = (): Promise<string> => pythonWith(join(clients, 'requirements.txt'))

/**
 * A Python with what a file lists, in the cache and never in the system. The folder is named for the requirements, and gets its name
 * when it is complete, so that two tests may begin at once.
 */
export async function pythonWith(requirements: string): Promise<string> {
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12)
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'leporello')
  const folder = join(cache, `python-${key}`)
  const python = join(folder, 'bin/python')
  if (existsSync(python)) return python

  await mkdir(cache, { recursive: true })
  const part = await mkdtemp(`${folder}.`)
  try {
    await run('python3', ['-m', 'venv', part])
    await run(join(part, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check', '-r', requirements])
    await rename(part, folder)
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    if (!existsSync(python))
      throw new Error(`what ${requirements} lists could not be installed (python3 with venv and pip, and PyPI, are needed)`, {
        cause: error
      })
  }
  return python
}

/** What a Python program of test/acceptance/clients says; its tests are lines `ok NAME` and `FAIL NAME - why`. */
export async function runPython(parameters: readonly string[]): Promise<{ code: number; lines: string[]; errors: string }> {
  const python = await pythonWithClients()
  // these two would override verify=False of requests
  const { REQUESTS_CA_BUNDLE: _, CURL_CA_BUNDLE: __, ...env } = process.env
  return new Promise((resolve) => {
    execFile(python, [...parameters], { env, cwd: clients, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, lines: stdout.split('\n').filter((line) => line !== ''), errors: stderr })
    })
  })
}
