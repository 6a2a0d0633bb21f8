/** Just so much of a tus client that a test sees each answer. Addresses are paths. */
export interface TusClient {
  create(fields: Record<string, string>, size: number | string, more?: RequestInit): Promise<Response>
  /** The address of a new upload. */
  begin(fields: Record<string, string>, size: number): Promise<string>
  patch(path: string, at: number | string, body: Uint8Array): Promise<Response>
  head(path: string): Promise<Response>
  ask(path: string, options?: RequestInit): Promise<Response>
}

export const version = { 'tus-resumable': '1.0.0' }
export const piece = { ...version, 'content-type': 'application/offset+octet-stream' }

export const metadata = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')

export function tusClient(url: string): TusClient {
  const ask: TusClient['ask'] = (path, options) => fetch(new URL(path, url), options)
  const create: TusClient['create'] = (fields, size, { headers, ...more } = {}) =>
    ask('/api/v1/uploads', {
      method: 'POST',
      headers: { ...version, 'upload-length': String(size), 'upload-metadata': metadata(fields), ...(headers as Record<string, string>) },
      ...more
    })
  return {
    ask,
    create,
    async begin(fields, size) {
      const reply = await create(fields, size)
      if (reply.status !== 201) throw new Error(`${reply.status}: ${await reply.text()}`)
      return reply.headers.get('location')!
    },
    patch: (path, at, body) =>
      ask(path, { method: 'PATCH', headers: { ...piece, 'upload-offset': String(at) }, body: body as Uint8Array<ArrayBuffer> }),
    head: (path) => ask(path, { method: 'HEAD', headers: version })
  }
}
