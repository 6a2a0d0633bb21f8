import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export interface Heartbeat {
  /** The times that answers took, in ms. */
  stop(): Promise<number[]>
}

/** A light load: a request every 10 ms on one of four connections, whether the one before was answered or not. */
export function startHeartbeat(url: string): Heartbeat {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const times: number[] = []
  const open = new Set<Promise<void>>()
  let running = true

  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const began = performance.now()
      get(url, { agent }, (answer) => {
        answer.resume().once('end', () => {
          times.push(performance.now() - began)
          if (answer.statusCode === 200) resolve()
          else reject(new Error(`${url} answered ${answer.statusCode}`))
        })
      }).once('error', reject)
    })

  async function beat(): Promise<void> {
    while (running) {
      const one: Promise<void> = ask().finally(() => open.delete(one))
      open.add(one)
      await pause(10)
    }
    await Promise.all(open)
  }
  const beating = beat()

  return {
    async stop() {
      running = false
      await beating
      agent.destroy()
      return times
    }
  }
}

export const percentile = (values: number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!
