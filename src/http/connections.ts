import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { CatalogueError } from '../domain/errors.ts'

/** Bounds how many connections are open at once, so that there are files left for everything else. */
export interface Connections {
  bind(server: Server): void
  /** Whether a connection is beyond the bound: its request is refused. */
  isSurplus(socket: Socket): boolean
  /** Returns the refusal, after which the connection is closed. */
  refuse(response: ServerResponse): CatalogueError
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
  /** By the peer, as with TLS a request has another socket than the one that connected. */
  const idle = new Map<string, Socket>()
  const surplus = new Set<string>()
  let [open, evicted, refused] = [0, 0, 0]

  function enter(socket: Socket): void {
    const peer = peerOf(socket)
    open++
    socket.once('close', () => {
      open--
      idle.delete(peer)
      surplus.delete(peer)
    })
    if (open > most && !evictLongest()) {
      refused++
      surplus.add(peer)
    }
    idle.set(peer, socket)
  }

  function evictLongest(): boolean {
    const [longest] = idle
    if (!longest) return false
    const [peer, socket] = longest
    idle.delete(peer)
    evicted++
    socket.destroy()
    return true
  }

  return {
    bind(server) {
      server.maxConnections = most + told
      server.on('drop', () => refused++)
      server.on('connection', enter)
      server.on('request', ({ socket }, response) => {
        const peer = peerOf(socket)
        const connected = idle.get(peer)
        if (!connected) return
        idle.delete(peer)
        response.once('close', () => {
          if (!connected.destroyed) idle.set(peer, connected)
        })
      })
    },
    isSurplus: (socket) => surplus.size > 0 && surplus.has(peerOf(socket)),
    refuse(response) {
      response.setHeader('connection', 'close')
      const words = `${most} connections have requests under way, the most that LEPORELLO_CONNECTIONS allows`
      return new CatalogueError('connections_exceeded', `${words}; try again later`)
    },
    open: () => open,
    evicted: () => evicted,
    refused: () => refused
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
