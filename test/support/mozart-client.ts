/** One answer of the Mozart face. */
export interface Reply {
  status: number
  headers: Headers
  text: string
  body: any
  tookMs: number
}

type Form = Record<string, string>

/** The few calls of HySDS's clients, by HTTP and nothing else. */
export function mozartClient(base: string) {
  async function send(method: string, path: string, form?: Form): Promise<Reply> {
    const began = performance.now()
    const reply = await fetch(base + path, { method, ...(form && { body: new URLSearchParams(form) }) })
    const text = await reply.text()
    return { status: reply.status, headers: reply.headers, text, body: json(text), tookMs: performance.now() - began }
  }
  const query = (form: Form) => `?${new URLSearchParams(form)}`
  return {
    send,
    add: (form: Form) => send('POST', '/api/v0.1/container/add', form),
    info: (id: string, more: Form = {}) => send('GET', `/api/v0.1/container/info${query({ id, ...more })}`),
    resolve: (id: string, arch: string) => send('GET', `/api/v0.1/container/resolve${query({ id, arch })}`),
    remove: (id: string) => send('GET', `/api/v0.1/container/remove${query({ id })}`),
    list: () => send('GET', '/api/v0.1/container/list'),
    addSpec: (kind: 'job_spec' | 'hysds_io', spec: unknown) => send('POST', `/api/v0.1/${kind}/add`, { spec: JSON.stringify(spec) }),
    spec: (kind: 'job_spec' | 'hysds_io', id: string) => send('GET', `/api/v0.1/${kind}/type${query({ id })}`)
  }
}

function json(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A registration for one architecture, as container-met.py posts it. */
export const aContainer = (id: string, more: Form = {}): Form => ({
  name: id,
  version: id.split(':')[1] ?? 'v1',
  url: `s3://bucket/${id}.tar.gz`,
  resource: 'container',
  digest: `sha256:${'0'.repeat(64)}`,
  ...more
})
