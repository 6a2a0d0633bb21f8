/** Where a server listens. */
export interface Listening {
  /** A name, or an address without brackets. */
  host: string
  port: number
  /** A path such as `/mozart`, or ''. */
  prefix: string
  /** Whether it speaks https. */
  secure: boolean
}

/** Whether an address to listen on stands for every address of the machine. */
export const isWildcard = (host: string): boolean => ['0.0.0.0', '::', ''].includes(host)

/** Whether only programs on the same machine reach a server that listens on this address. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i.test(host)

/** The URL of a server for a person or a program on the same machine. */
export const listeningUrl = ({ host, port, prefix, secure }: Listening): string =>
  `${secure ? 'https' : 'http'}://${isWildcard(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}${prefix}`
