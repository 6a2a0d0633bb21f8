import type { FastifyInstance, RouteOptions } from 'fastify'
import type { Health, ReadyReport, VersionReport } from '../../schemas.ts'
import { type Description, json, textContent } from '../shared/describes.ts'
import { soon } from '../shared/soon.ts'

/** What the process knows about itself. */
export interface Probes {
  version: string
  commit: string | undefined
  store: VersionReport['store']
  /** Name and version of the engine. Throws while it does not answer. */
  engine(): Promise<string>
  /** By the name of what is checked. */
  checks: Record<string, () => Promise<Health>>
  metrics(): Promise<{ contentType: string; body: string }>
}

/** An engine that does not answer must not hold up a client that wants our version. */
const engineMs = 2000

type ProbeRoute = Pick<Description, 'summary' | 'description' | 'response'> & Pick<RouteOptions, 'handler'>

export function probeRoutes(app: FastifyInstance, probes: Probes): void {
  const route = (url: string, { handler, ...description }: ProbeRoute) =>
    app.route({
      method: ['GET', 'HEAD'],
      url,
      // probes and orchestrators have no token; /metrics tells how much is registered
      config: { action: url === '/metrics' ? 'operations:read' : 'public', describes: { tags: ['operations'], ...description } },
      handler
    })

  route('/health/live', {
    summary: 'Whether the process runs',
    response: { 200: { description: 'It does.', content: json('live-report.json#') } },
    handler: async () => ({ live: true })
  })

  route('/health/ready', {
    summary: 'Whether requests can be answered',
    description: 'A yellow engine is ready, a red one is not.',
    response: {
      200: { description: 'They can.', content: json('ready-report.json#', { ready: true, checks: { store: { ok: true } } }) },
      503: {
        description: 'They cannot, and why.',
        content: json('ready-report.json#', { ready: false, checks: { store: { ok: false, reason: 'the search engine does not answer' } } })
      }
    },
    handler: async (_request, reply) => {
      const report = await readiness(probes.checks)
      return reply.code(report.ready ? 200 : 503).send(report)
    }
  })

  route('/version', {
    summary: 'What runs here',
    response: { 200: { description: 'Program, store and engine.', content: json('version-report.json#') } },
    handler: async (): Promise<VersionReport> => {
      const { version, commit = null, store } = probes
      const engine = await soon(
        probes.engine().catch(() => null),
        engineMs
      )
      return { version, commit, store, engine: engine ?? null }
    }
  })

  route('/metrics', {
    summary: 'Metrics for Prometheus',
    response: {
      200: {
        description: "In Prometheus' text format.",
        content: textContent('leporello_resolves_total{architecture="arm64",outcome="urls"} 1')
      }
    },
    handler: async (_request, reply) => {
      const { contentType, body } = await probes.metrics()
      return reply.header('content-type', contentType).send(body)
    }
  })
}

async function readiness(checks: Probes['checks']): Promise<ReadyReport> {
  const answers = await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await check()] as const))
  return { ready: answers.every(([, { ok }]) => ok), checks: Object.fromEntries(answers) }
}
