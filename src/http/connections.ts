import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Bounds how many connections are open at once, so that there are files left for everything else. */
export interface Connections {
  bind(server: Server): void
  /** Whether a connection is beyond the bound: its request is refused. */
  isSurplus(socket: Socket): boolean
  readonly most: number
  open(): number
  /** How many idle ones were closed to make room. */
  evicted(): number
  /** How many were beyond the bound. */
  refused(): number
}

/** So many connections beyond the bound are told so; further ones are closed at once. */
const told = 16

/**
 * A new connection beyond the bound takes the place of the one that has been without a request for longest: one that is kept for a next
 * request, has sent none yet, or sends its headers slowly. When all have requests, the new one is answered 503.
 */
export function createConnections(most: number): Connections {
  const idle = new Set<Socket>()
  const surplus = new Set<Socket>()
  let [open, evicted, refused] = [0, 0, 0]

  function enter(socket: Socket): void {
    open++
    socket.once('close', () => {
      open--
      idle.delete(socket)
      surplus.delete(socket)
    })
    if (open > most) {
      const [longest] = idle
      if (longest) {
        idle.delete(longest)
        evicted++
        longest.destroy()
      } else {
        refused++
        surplus.add(socket)
      }
    }
    idle.add(socket)
  }

  return {
    bind(server) {
      server.maxConnections = most + told
      server.on('drop', () => refused++)
      // with TLS requests have another socket than the one that connected
      server.on('setSecureContext' in server ? 'secureConnection' : 'connection', enter)
      server.on('request', ({ socket }, response) => {
        idle.delete(socket)
        response.once('close', () => {
          if (!socket.destroyed) idle.add(socket)
        })
      })
    },
    isSurplus: (socket) => surplus.size > 0 && surplus.has(socket),
    most,
    open: () => open,
    evicted: () => evicted,
    refused: () => refused
  }
}
