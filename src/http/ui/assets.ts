import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { undescribed } from '../shared/describes.ts'

/** The style sheet and the picture of the pages; and the compiled modules of `browser/`, which import each other by relative paths. */
const folders = [new URL('../../../../assets/', import.meta.url), new URL('./browser/', import.meta.url)]

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8'
}

/** Reads all of them: some tens of kilobytes. Their version is a part of their address: a page never gets those of another one from a cache. */
export async function readAssets(): Promise<{ version: string; files: ReadonlyMap<string, Buffer> }> {
  const files = new Map<string, Buffer>()
  for (const folder of folders) {
    const names = (await readdir(folder)).filter((name) => Object.hasOwn(types, extname(name))).sort()
    for (const name of names) files.set(name, await readFile(new URL(name, folder)))
  }
  const hash = createHash('sha256')
  for (const [name, bytes] of files) hash.update(`${name}\n${bytes.length}\n`).update(bytes)
  return { version: hash.digest('hex').slice(0, 12), files }
}

const forAYear = 'public, max-age=31536000, immutable'

/** They are public, as the page that refuses somebody needs them, too. */
export function assetRoutes(app: FastifyInstance, { version, files }: Awaited<ReturnType<typeof readAssets>>): void {
  app.route<{ Params: { version: string; file: string } }>({
    method: ['GET', 'HEAD'],
    url: '/ui/assets/:version/:file',
    config: { action: 'public', describes: undescribed },
    async handler({ params }, reply) {
      const bytes = files.get(params.file)
      if (!bytes) return reply.code(404).header('content-type', 'text/plain; charset=utf-8').send('There is no such file.\n')
      // a replica of another version made the page: the newest that is here has to do, and no cache may keep it under that name
      const caching = params.version === version ? forAYear : 'no-cache'
      return reply
        .headers({ 'content-type': types[extname(params.file)]!, 'cache-control': caching, 'x-content-type-options': 'nosniff' })
        .send(bytes)
    }
  })
}
