import { percentDecoded } from './percent.ts'

/** Returns the Authorization header for HTTP basic authentication, from a URL's user and password. */
export const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${percentDecoded(username)}:${percentDecoded(password)}`).toString('base64')}`
