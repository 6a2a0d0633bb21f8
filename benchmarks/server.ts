import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProgram, eventually, freePort, runProgram } from '../test/support/processes.ts'
import { projectFolder } from '../test/support/project.ts'

export interface Server {
  url: string
  pid: number
  data: string
  stop(): Promise<void>
}

/** Our own server, as `npm start` runs it, with the given LEPORELLO_ variables. */
export async function startServer(variables: Record<string, string> = {}): Promise<Server> {
  const data = await mkdtemp(join(tmpdir(), 'leporello-bench-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = { ...process.env, LEPORELLO_PORT: String(port), LEPORELLO_DATA: data, LEPORELLO_LOG_LEVEL: 'info', ...variables }
  const program = runProgram([process.execPath, join(projectFolder, 'build/src/main.js'), 'serve'], { env })
  await eventually(
    async () => {
      if (!program.running()) throw new Error(program.output())
      return (await fetch(`${url}/health/ready`)).ok || undefined
    },
    { what: 'our server is ready', everyMs: 20 }
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

/** Another program of benchmarks/ on a port of its own. */
export async function startBeside(file: string, argument: string): Promise<Server> {
  const port = await freePort()
  const program = runProgram([process.execPath, join(projectFolder, 'build/benchmarks', file), String(port), argument])
  const url = `http://127.0.0.1:${port}`
  await eventually(async () => (await fetch(`${url}/info`)).ok || undefined, { what: `${file} is ready` })
  return { url, pid: program.process.pid!, data: '', stop: () => endProgram(program) }
}
