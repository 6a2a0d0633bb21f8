import type { FastifyReply } from 'fastify'
import type { RequestReport } from '../domain/request-report.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by a route for the log: the id of the document that the request is about. */
    about?: string
    /** Set by error handlers for the log: an error that is answered with 500 or above. */
    failure?: unknown
  }
}

/** Reports each request once, also one whose client went away or whose list was cut off, for which Fastify calls no onResponse hook. */
export function observe(reply: FastifyReply, report: (report: RequestReport) => void): void {
  const started = performance.now()
  reply.raw.once('close', () => report(reportOf(reply, performance.now() - started)))
}

function reportOf(reply: FastifyReply, ms: number): RequestReport {
  const { request } = reply
  const { id, method, originalUrl, about, failure } = request
  const { url: route = 'unmatched', config } = request.routeOptions
  const query = originalUrl.indexOf('?')
  return {
    id,
    method,
    path: query === -1 ? originalUrl : originalUrl.slice(0, query),
    face: config?.face ?? 'mozart',
    route,
    status: reply.raw.statusCode,
    ms,
    bytes: Number(reply.getHeader('content-length')) || undefined,
    about: about ?? (request.params as { id?: string } | null)?.id,
    aborted: !reply.raw.writableFinished,
    failure
  }
}
