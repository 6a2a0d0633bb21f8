import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProgram, freePort, type Program, runProgram } from './processes.ts'
import { projectFolder } from './project.ts'

export const engineNames = ['es7', 'es8', 'es9', 'os2', 'os3'] as const
export type EngineName = (typeof engineNames)[number]

/** A real search engine on this machine. */
export interface Engine {
  name: EngineName
  url: string
  dataDir: string
  /** Its process id, for STOP and CONT. */
  pid(): number
  running(): boolean
  /** Ends it in order, and removes its data when they are not the caller's. */
  stop(): Promise<void>
  /** kill -9; the data stay. */
  kill(): Promise<void>
  /** Starts it again on the same port and data, after having ended it if it runs. */
  restart(): Promise<void>
}

// Thirty seconds are usual for one on two busy cores; a slow machine takes minutes, a new one fetches and compiles first.
const startPatience = 30 * 60_000

export async function startEngine(name: EngineName, options: { dataDir?: string } = {}): Promise<Engine> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), `leporello-${name}-`)))
  let port = await freePort()
  let program: Program
  try {
    program = await start(name, { port, dataDir })
  } catch (error) {
    // somebody else may have taken the port meanwhile
    if (!/BindException|BindHttpException|Address already in use/.test(String(error))) throw error
    port = await freePort()
    program = await start(name, { port, dataDir })
  }

  const kill = async () => {
    program.process.kill('SIGKILL')
    await program.ended
  }
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    dataDir,
    pid: () => program.process.pid!,
    running: () => program.running(),
    kill,
    async stop() {
      if (program.running()) await endProgram(program)
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    },
    async restart() {
      if (program.running()) await endProgram(program)
      program = await start(name, { port, dataDir })
      // its shards come back a moment later than it does
      await ask({ url: `http://127.0.0.1:${port}` }, ['GET', '/_cluster/health?wait_for_status=yellow&timeout=600s'])
    }
  }
}

async function start(name: EngineName, { port, dataDir }: { port: number; dataDir: string }): Promise<Program> {
  const program = runProgram([join(projectFolder, 'test/engines/start'), name, String(port), dataDir])
  const until = Date.now() + startPatience
  while (!(await answers(`http://127.0.0.1:${port}`))) {
    if (!program.running()) throw new Error(`${name} ended while starting:\n${program.output()}`)
    if (Date.now() > until) {
      program.process.kill('SIGKILL')
      throw new Error(`${name} does not answer on port ${port} after ${startPatience} ms:\n${program.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return program
}

// GET / answers before the node knows its indices; the list of aliases does not.
async function answers(url: string): Promise<boolean> {
  try {
    const reply = await fetch(`${url}/_alias`, { signal: AbortSignal.timeout(30_000) })
    await reply.arrayBuffer()
    return reply.ok
  } catch {
    return false
  }
}

/** One request to an engine, JSON in and out; a string goes as it is. */
export async function ask(
  engine: { url: string },
  [method, path, body]: [method: string, path: string, body?: unknown]
): Promise<{ status: number; body: any }> {
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body)
  const reply = await fetch(engine.url + path, {
    method,
    body: text,
    headers: text === null ? {} : { 'content-type': path.includes('_bulk') ? 'application/x-ndjson' : 'application/json' }
  })
  const answer = await reply.text()
  return { status: reply.status, body: answer === '' ? undefined : JSON.parse(answer) }
}
