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

interface OpenConnection {
  socket: Socket
  /** Its address and port. */
  peer: string
}

/** So many connections beyond the bound are told so; further ones are closed at once. */
const told = 16

/**
 * A new connection beyond the bound takes the place of the one that has been without a request for longest: one that is kept for a next
 * request, has sent none yet, or sends its headers slowly. When all have requests, the new one is answered 503.
 */
export function createConnections(most: number): Connections {
  const connected = new Map<string, OpenConnection>()
  /** In the order in which they became idle. */
  const idle = new Set<OpenConnection>()
  const bySocket = new WeakMap<Socket, OpenConnection>()
  const surplus = new Set<OpenConnection>()
  let [open, evicted, refused] = [0, 0, 0]

  function enter(socket: Socket): void {
    const connection = { socket, peer: peerOf(socket) }
    connected.set(connection.peer, connection)
    bySocket.set(socket, connection)
    open++
    socket.once('close', () => {
      open--
      if (connected.get(connection.peer) === connection) connected.delete(connection.peer)
      idle.delete(connection)
      surplus.delete(connection)
    })
    if (open > most && !evictLongest()) {
      refused++
      surplus.add(connection)
    }
    idle.add(connection)
  }

  /** With TLS a request has another socket than the one that connected, of the same peer. */
  function find(socket: Socket): OpenConnection | undefined {
    const known = bySocket.get(socket)
    if (known) return known
    const found = connected.get(peerOf(socket))
    if (found) bySocket.set(socket, found)
    return found
  }

  function evictLongest(): boolean {
    const [longest] = idle
    if (!longest) return false
    idle.delete(longest)
    evicted++
    longest.socket.destroy()
    return true
  }

  return {
    bind(server) {
      server.maxConnections = most + told
      server.on('drop', () => refused++)
      server.on('connection', enter)
      server.on('request', ({ socket }, response) => {
        const connection = find(socket)
        if (!connection || !idle.delete(connection)) return
        response.once('close', () => {
          if (!connection.socket.destroyed) idle.add(connection)
        })
      })
    },
    isSurplus: (socket) => surplus.size > 0 && surplus.has(find(socket)!),
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
