import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from './log.ts'
import { causes, masked } from './log.ts'
import type { Metrics } from './metrics.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which face a route belongs to, for metrics. */
    face?: string
  }
}

const failures = new WeakMap<FastifyRequest, Error>()

/** One log line and one measurement a request, when its answer has ended. */
export function observeRequests(app: FastifyInstance, { log, metrics }: { log: Log; metrics: Metrics }): void {
  app.addHook('onError', (request, _reply, error, done) => {
    failures.set(request, error)
    done()
  })

  app.addHook('onResponse', (request, reply, done) => {
    const { url = 'unmatched', config } = request.routeOptions
    const labels = { face: config.face ?? 'mozart', route: url, method: request.method, status: reply.statusCode }
    metrics.request(labels, reply.elapsedTime / 1000)
    if (reply.statusCode < 500) log.info(line(request, reply))
    else log.error({ ...line(request, reply), causes: causes(failures.get(request)) })
    done()
  })
}

function line(request: FastifyRequest, reply: FastifyReply) {
  const { id, method, originalUrl } = request
  const query = originalUrl.indexOf('?')
  const path = masked(query === -1 ? originalUrl : originalUrl.slice(0, query))
  const bytes = Number(reply.getHeader('content-length')) || undefined
  return { request: id, method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 100) / 100, bytes }
}
