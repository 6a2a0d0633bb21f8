import { readFile } from 'node:fs/promises'
import fastifySwagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { stringify } from 'yaml'
import type { BlobStore } from '../src/blobs/blob-store.ts'
import type { Catalogue } from '../src/catalogue/catalogue.ts'
import { createServer } from '../src/http/server.ts'
import { type Description, undescribed } from '../src/http/shared/describes.ts'
import { schemaFiles } from './schema-files.ts'

type Paths = Record<string, Record<string, unknown>>

/** openapi.yaml, from the routes of a server that gets no requests. */
export async function openApi(): Promise<string> {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'))
  const server = await createServer({
    ...nothingBehind,
    before: (app) => addSwagger(app, version)
  })
  const { paths, components, ...rest } = server.swagger() as { paths: Paths; components?: object }
  await server.close()
  return `# Generated from the routes and schemas/ by \`npm run generate\`. Do not edit.\n${stringify(
    { ...rest, paths: withoutHead(paths), components },
    { aliasDuplicateObjects: false, lineWidth: 140 }
  )}`
}

async function addSwagger(app: FastifyInstance, version: string): Promise<void> {
  // the settings are not part of the interface
  for (const { name, schema } of await schemaFiles()) if (name !== 'config.json') app.addSchema(schema)
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Leporello',
        version,
        description:
          "A container registry for HySDS that gives every machine the image of its architecture. HEAD is answered wherever GET is, except where GET removes. X-Request-Id is taken or made, and answered. Mozart's routes (tag mozart) are shown under /api/v0.1; the same ones are under /api/v0.2, where some messages differ, and without a prefix (/container/add).",
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
      },
      servers: [{ url: '/' }]
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json['title'] ?? `def-${i}`) },
    transform: ({ url, route }) => {
      const { response, ...description } = route.config?.describes ?? undescribed
      const given = Object.entries(description).filter(([, value]) => value !== undefined)
      return { url, schema: { ...Object.fromEntries(given), response: answersOf(response) } }
    }
  })
}

/** An answer without content has no body; the plugin would call it JSON. */
const answersOf = (response: Description['response'] = {}) =>
  Object.fromEntries(Object.entries(response).map(([status, answer]) => [status, answer.content ? answer : { ...answer, type: 'null' }]))

/** HEAD is answered wherever GET is, which the description says once. */
const withoutHead = (paths: Paths): Paths =>
  Object.fromEntries(Object.entries(paths).map(([path, { head: _, ...operations }]) => [path, operations]))

/** The routes are the same whatever stands behind them. */
const nothingBehind = {
  catalogue: {
    containers: {},
    images: {},
    immutableVersions: {},
    layout: async () => {},
    upkeep: {},
    uploads: {},
    events: { close() {} },
    jobSpecs: {},
    hysdsIos: {},
    describe: {}
  } as unknown as Catalogue,
  blobs: {} as BlobStore,
  policy: 'open' as const,
  host: '127.0.0.1',
  port: 0,
  prefix: '',
  trustedProxies: [],
  operator: {
    indices: { containers: 'containers', jobSpecs: 'job_specs', hysdsIos: 'hysds_ios-mozart' },
    description: new URL('file:///openapi.yaml'),
    probes: {
      version: '',
      commit: undefined,
      store: 'embedded' as const,
      engine: async () => '',
      checks: {},
      metrics: async () => ({ contentType: '', body: '' })
    }
  }
}
