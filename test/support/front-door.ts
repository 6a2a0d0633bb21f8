/** A running server as a client sees it: paths in, answers out. */
export interface Door {
  url: string
  ask(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }): Promise<Answer>
}

export interface Answer {
  status: number
  headers: Headers
  /** Parsed where it is JSON. */
  body: any
}

export function doorOf(url: string): Door {
  return {
    url,
    async ask(method, path, { body, headers = {} } = {}) {
      const json = body === undefined || body instanceof URLSearchParams ? {} : { 'content-type': 'application/json' }
      const reply = await fetch(`${url}${path}`, {
        method,
        headers: { ...json, ...headers },
        ...(body !== undefined && { body: body instanceof URLSearchParams ? body : JSON.stringify(body) })
      })
      const text = await reply.text()
      return {
        status: reply.status,
        headers: reply.headers,
        body: /json/.test(reply.headers.get('content-type') ?? '') ? JSON.parse(text) : text
      }
    }
  }
}
