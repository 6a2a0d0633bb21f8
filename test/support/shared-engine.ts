import { type Engine, type EngineName, startEngine } from './engines.ts'

/*
 * An engine takes many seconds to start, so the runner of test:all starts one of each name, and lends it to one test file after another.
 * A test file asks over Node's channel between parent and child. One that runs by itself starts its own.
 */

export type EngineOperation = 'lend' | 'kill' | 'restart' | 'return'

export interface EngineRequest {
  engine: EngineName
  operation: EngineOperation
}

export type EngineReply = EngineRequest & ({ pid: number; url: string; dataDir: string } | { error: string })

/** An engine without indices and templates, for this test file alone until it calls `stop`. It may be stopped, killed and restarted. */
export async function sharedEngine(name: EngineName): Promise<Engine> {
  if (!process.send || process.env['SHARED_ENGINES'] !== '1') return startEngine(name)
  let lent = await ask({ engine: name, operation: 'lend' })
  return {
    name,
    url: lent.url,
    dataDir: lent.dataDir,
    pid: () => lent.pid,
    running: () => isRunning(lent.pid),
    async kill() {
      await ask({ engine: name, operation: 'kill' })
    },
    async restart() {
      lent = await ask({ engine: name, operation: 'restart' })
    },
    async stop() {
      await ask({ engine: name, operation: 'return' })
    }
  }
}

function ask(request: EngineRequest): Promise<Exclude<EngineReply, { error: string }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (reply: EngineReply) => {
      if (reply.engine !== request.engine || reply.operation !== request.operation) return
      process.off('message', onMessage)
      process.channel!.unref()
      if ('error' in reply) reject(new Error(`${request.operation} ${request.engine}: ${reply.error}`))
      else resolve(reply)
    }
    process.on('message', onMessage)
    // tap lets the process end while the channel is open
    process.channel!.ref()
    process.send!(request)
  })
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
