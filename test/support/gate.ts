import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Stands between a client and a server, and lets so many bytes through; then it holds everything until it is told a higher bound. */
export interface Gate {
  url: string
  /** How many bytes have gone to the server. */
  passed(): number
  /** Lets more through. */
  open(bytes: number): void
  /** Resolves when the bound is reached. */
  reached(): Promise<void>
}

export async function startGate(t: Test, { target, bytes }: { target: string; bytes: number }): Promise<Gate> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let bound = bytes
  let passed = 0
  let wake = () => {}
  let tell = () => {}
  let opened = new Promise<void>((resolve) => {
    wake = resolve
  })
  let reached = new Promise<void>((resolve) => {
    tell = resolve
  })

  async function pass(client: Socket, server: Socket): Promise<void> {
    const closed = new Promise((resolve) => server.once('close', resolve))
    for await (const chunk of client) {
      while (passed + chunk.length > bound) {
        tell()
        await opened
      }
      passed += chunk.length
      if (!server.write(chunk)) await Promise.race([once(server, 'drain'), closed])
    }
    server.end()
  }

  const listening = createServer((client) => {
    const server = connect(Number(port), hostname)
    for (const [socket, other] of [
      [client, server],
      [server, client]
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => other.destroy())
    }
    server.pipe(client)
    pass(client, server).catch(() => server.destroy())
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => listening.once('listening', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    listening.close()
  })
  return {
    url: `http://127.0.0.1:${(listening.address() as { port: number }).port}`,
    passed: () => passed,
    reached: () => reached,
    open(more) {
      bound = more
      const go = wake
      opened = new Promise<void>((resolve) => {
        wake = resolve
      })
      reached = new Promise<void>((resolve) => {
        tell = resolve
      })
      go()
    }
  }
}
