import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { CatalogueError } from '../domain/errors.ts'

/** `peer` is the address and port of the other side. */
type OpenConnection = { socket: Socket; peer: string }

/** So many connections beyond the bound are told so; further ones are closed at once. */
const told = 16

/** Bounds how many connections are open at once, so that there are files left for everything else. */
export type Connections = ReturnType<typeof createConnections>

/**
 * A new connection beyond the bound takes the place of the one that has been without a request for longest: one that is kept for a next
 * request, has sent none yet, or sends its headers slowly. When all have requests, the new one is answered 503.
 */
export function createConnections(most: number) {
  const known = createKnownConnections()
  /** In the order in which they became idle. */
  const idle = new Set<OpenConnection>()
  const surplus = new Set<OpenConnection>()
  let [open, evicted, refused] = [0, 0, 0]

  function enter(socket: Socket): void {
    const connection = known.add(socket)
    open++
    socket.once('close', () => {
      open--
      known.remove(connection)
      idle.delete(connection)
      surplus.delete(connection)
    })
    if (open > most && !evictLongest()) {
      refused++
      surplus.add(connection)
    }
    idle.add(connection)
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
    bind(server: Server): void {
      server.maxConnections = most + told
      server.on('drop', () => refused++)
      server.on('connection', enter)
      server.on('request', ({ socket }, response) => {
        const connection = known.find(socket)
        if (!connection || !idle.delete(connection)) return
        response.once('close', () => {
          if (!connection.socket.destroyed) idle.add(connection)
        })
      })
    },
    /** Whether a connection is beyond the bound: its request is refused. */
    isSurplus: (socket: Socket): boolean => surplus.size > 0 && surplus.has(known.find(socket)!),
    /** Returns the refusal, after which the connection is closed. */
    refuse(response: ServerResponse): CatalogueError {
      response.setHeader('connection', 'close')
      const words = `${most} connections have requests under way, the most that LEPORELLO_CONNECTIONS allows`
      return new CatalogueError('connections_exceeded', `${words}; try again later`)
    },
    open: () => open,
    /** How many idle ones were closed to make room. */
    evicted: () => evicted,
    /** How many were beyond the bound. */
    refused: () => refused
  }
}

/** The open connections, by socket; with TLS a request has another socket than the one that connected, of the same peer. */
function createKnownConnections() {
  const byPeer = new Map<string, OpenConnection>()
  const bySocket = new WeakMap<Socket, OpenConnection>()

  return {
    add(socket: Socket): OpenConnection {
      const connection = { socket, peer: peerOf(socket) }
      byPeer.set(connection.peer, connection)
      bySocket.set(socket, connection)
      return connection
    },
    remove(connection: OpenConnection): void {
      if (byPeer.get(connection.peer) === connection) byPeer.delete(connection.peer)
    },
    find(socket: Socket): OpenConnection | undefined {
      const known = bySocket.get(socket)
      if (known) return known
      const found = byPeer.get(peerOf(socket))
      if (found) bySocket.set(socket, found)
      return found
    }
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
