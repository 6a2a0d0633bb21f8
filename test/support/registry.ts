import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProgram, eventually, freePort, runProgram } from './processes.ts'
import { projectFolder } from './project.ts'

/** A real registry of another maker on this machine. */
export interface OtherRegistryServer {
  url: string
  host: string
  pid: number
  /** The folder of its blobs. */
  data: string
  stop(): Promise<void>
}

/** Of user `test` and password `test`, in bcrypt. */
const testUser = 'test:$2a$05$D6Fhol9fvYJDZIPJjN/XouWLSEWcUSZRSOvVxNle9cqJsloAgo.ju'

export async function startRegistry({ signIn = false }: { signIn?: boolean } = {}): Promise<OtherRegistryServer> {
  const folder = await mkdtemp(join(tmpdir(), 'leporello-registry-'))
  if (signIn) await writeFile(join(folder, 'htpasswd'), `${testUser}\n`)
  const port = await freePort()
  const host = `127.0.0.1:${port}`
  const program = runProgram([join(projectFolder, 'test/engines/registry-start'), String(port), folder])
  const answers = async () => {
    if (!program.running()) return 'ended' as const
    await fetch(`http://${host}/v2/`, { signal: AbortSignal.timeout(2_000) })
    return 'answers' as const
  }
  if ((await eventually(answers, { what: 'the registry' })) === 'ended')
    throw new Error(`the registry ended while starting:\n${program.output()}`)
  return {
    url: `http://${host}`,
    host,
    pid: program.process.pid!,
    data: folder,
    async stop() {
      await endProgram(program)
      await rm(folder, { recursive: true, force: true })
    }
  }
}
