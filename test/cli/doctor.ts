import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export const codesOf = (value: { findings: { code: string; architecture: string | null }[] }) =>
  value.findings.map(({ code, architecture }) => (architecture ? `${code} ${architecture}` : code))

export async function listen(t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => {
    server.close()
    // of one that says nothing, a command may still have its connection
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json = (status: number, value: unknown) => ({ status, text: `${JSON.stringify(value)}\n` })

/** A Mozart of before urls, as far as a builder sees it. */
export const oldMozart = (t: Test) => {
  const records = new Map<string, object>()
  const answer = (url: URL, form: URLSearchParams) => {
    const id = url.searchParams.get('id') ?? ''
    if (url.pathname.endsWith('/container/add')) {
      const { name, version, digest, url: image } = Object.fromEntries(form)
      records.set(name!, { id: name, digest, url: image, version })
      return json(200, { success: true, message: `${name} added to index containers`, result: name })
    }
    if (url.pathname.endsWith('/container/remove')) return json(200, { success: records.delete(id), message: `job_spec deleted: ${id}` })
    if (!url.pathname.endsWith('/container/info')) return json(404, { message: '404 Not Found', status_code: 404 })
    const result = records.get(id) ?? null
    return json(result ? 200 : 404, { success: result !== null, message: '', result })
  }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { status, text } = answer(new URL(request.url!, 'http://x'), new URLSearchParams(body))
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  })
  return listen(t, server).then((url) => ({ url, records }))
}
