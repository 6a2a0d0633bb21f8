import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { goProgram } from './go-programs.ts'
import { endProgram, eventually, freePort, runProgram } from './processes.ts'

/** The registry of the CNCF, which is behind most registries of companies. */
export const distributionProgram = (): Promise<string> =>
  goProgram({ path: 'github.com/distribution/distribution/v3/cmd/registry', version: 'v3.1.2', name: 'distribution' })

export interface Distribution {
  /** As references name it. */
  host: string
  url: string
  pid: number
  /** The folder of its files. */
  data: string
  stop(): Promise<void>
}

/** The user `test` with the password `test`, as htpasswd writes them with bcrypt. */
const testUser = 'test:$2a$05$D6Fhol9fvYJDZIPJjN/XouWLSEWcUSZRSOvVxNle9cqJsloAgo.ju'

/** Starts an empty distribution registry on the loopback, over http. With `signIn` it knows one user only: `test`, with the password `test`. */
export async function startDistribution({ signIn = false }: { signIn?: boolean } = {}): Promise<Distribution> {
  const file = await distributionProgram()
  const host = `127.0.0.1:${await freePort()}`
  const scratch = await mkdtemp(join(tmpdir(), 'distribution-'))
  const passwords = join(scratch, 'passwords')
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(scratch, 'data') }, cache: { blobdescriptor: 'inmemory' }, delete: { enabled: true } },
    http: { addr: host },
    ...(signIn && { auth: { htpasswd: { realm: 'test', path: passwords } } })
  }
  await writeFile(passwords, `${testUser}\n`)
  // every JSON text is YAML
  await writeFile(join(scratch, 'config.yml'), JSON.stringify(config))
  const program = runProgram([file, 'serve', join(scratch, 'config.yml')], { env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' } })
  const url = `http://${host}`
  const stop = async () => {
    if (program.running()) await endProgram(program)
    await rm(scratch, { recursive: true, force: true })
  }
  try {
    await eventually(
      async () => {
        if (!program.running()) throw new Error(program.output())
        return (await fetch(`${url}/v2/`)).status === (signIn ? 401 : 200) || undefined
      },
      { what: 'the distribution registry listens', everyMs: 25 }
    )
  } catch (error) {
    await stop()
    throw error
  }
  return { host, url, pid: program.process.pid!, data: scratch, stop }
}
