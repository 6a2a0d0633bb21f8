import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProgram, eventually, freePort, runProgram } from '../test/support/processes.ts'
import type { Server } from './server.ts'

const version = 'v3.1.1'

/** Returns the registry of the distribution project, built with Go into the user's cache. */
function distributionProgram(): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'leporello')
  const program = join(cache, `registry-${version}`)
  if (existsSync(program)) return program
  mkdirSync(cache, { recursive: true })
  const part = mkdtempSync(join(cache, 'registry.'))
  try {
    execFileSync('go', ['install', `github.com/distribution/distribution/v3/cmd/registry@${version}`], {
      env: { ...process.env, GOBIN: part },
      stdio: ['ignore', 'ignore', 'inherit']
    })
    renameSync(join(part, 'registry'), program)
  } catch (error) {
    throw new Error('part oci compares with the registry of the distribution project, which Go must be there to build', { cause: error })
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
  return program
}

/** Distribution with its blobs in a folder, descriptors cached in memory as its own example has it, and a log of errors only. */
export async function startDistribution(): Promise<Server> {
  const data = await mkdtemp(join(tmpdir(), 'distribution-bench-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const config = join(data, 'config.yml')
  const lines = [
    'version: 0.1',
    'log: { level: error, accesslog: { disabled: true } }',
    `storage: { filesystem: { rootdirectory: ${data} }, cache: { blobdescriptor: inmemory }, delete: { enabled: true } }`,
    `http: { addr: "127.0.0.1:${port}" }`
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  const program = runProgram([distributionProgram(), 'serve', config], { env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' } })
  await eventually(
    async () => {
      if (!program.running()) throw new Error(program.output())
      return (await fetch(`${url}/v2/`)).ok || undefined
    },
    { what: 'distribution is ready', everyMs: 20 }
  )
  return {
    url,
    pid: program.process.pid!,
    data,
    async stop() {
      await endProgram(program)
      await rm(data, { recursive: true, force: true })
    }
  }
}
