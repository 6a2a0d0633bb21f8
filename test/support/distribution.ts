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
  stop(): Promise<void>
}

/** Starts an empty distribution registry on the loopback, over http. */
export async function startDistribution(): Promise<Distribution> {
  const file = await distributionProgram()
  const host = `127.0.0.1:${await freePort()}`
  const scratch = await mkdtemp(join(tmpdir(), 'distribution-'))
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(scratch, 'data') }, delete: { enabled: true } },
    http: { addr: host }
  }
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
        return (await fetch(`${url}/v2/`)).ok || undefined
      },
      { what: 'the distribution registry listens', everyMs: 25 }
    )
  } catch (error) {
    await stop()
    throw error
  }
  return { host, url, stop }
}
