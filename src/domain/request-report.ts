/** A request whose answer has ended, or was cut off. */
export interface RequestReport {
  id: string
  method: string
  /** Without the query, which may contain secrets. */
  path: string
  face: string
  /** As it was registered; 'unmatched' for a path without a route. */
  route: string
  status: number
  ms: number
  bytes: number | undefined
  /** The id of the document that the request was about. */
  about: string | undefined
  /** The client went away, or the answer failed after its first byte. */
  aborted: boolean
  /** Why it was answered with a status of 500 or above. */
  failure: unknown
}
