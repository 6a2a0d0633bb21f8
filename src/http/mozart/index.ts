import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import '../shared/action.ts'
import type { BodyBounds } from '../shared/body.ts'
import { explain } from '../shared/errors.ts'
import { type PublicAddress, publicUrlOf } from '../shared/public-url.ts'
import type { Handler } from './call.ts'
import { containerHandlers } from './containers.ts'
import { descriptionOf } from './descriptions.ts'
import { sendAnswer } from './envelope.ts'
import { pageRoutes } from './pages.ts'
import { type Parameters, readParameters } from './parameters.ts'
import { mozartRoutes, type Operation } from './routes.ts'
import { specHandlers } from './specs.ts'
import { type Kind, type Words, words } from './words.ts'

export interface MozartOptions {
  catalogue: Catalogue
  address: PublicAddress
  /** The largest body that is taken into memory, in bytes: a specification's. */
  bodyLimit: number
  bodyTimeoutMs: number
}

/** What every other body must fit in. */
const smallBody = 1024 * 1024

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a refusal has a `result`: v0.1's removals have none. */
    resultless?: boolean
  }
}

/** The face that HySDS's own programs know. */
export async function mozartFace(app: FastifyInstance, options: MozartOptions): Promise<void> {
  const { catalogue, address, bodyLimit, bodyTimeoutMs: timeoutMs } = options
  const handlers: Record<Kind, Partial<Record<Operation, Handler>>> = {
    container: containerHandlers({ containers: catalogue.containers, publicUrl: publicUrlOf(address) }),
    job_spec: specHandlers(catalogue.jobSpecs),
    hysds_io: specHandlers(catalogue.hysdsIos)
  }
  app.setErrorHandler(refuse)
  for (const route of mozartRoutes) {
    const { methods: method, url, action, operation, version, kind } = route
    const resultless = operation === 'remove' && version === 'v0.1'
    const bounds = { limit: route.large ? bodyLimit : Math.min(bodyLimit, smallBody), timeoutMs }
    const handler = answering(handlers[kind][operation]!, { words: words[version][kind], bounds })
    app.route({ method, url, config: { action, resultless, describes: descriptionOf(route) }, handler })
  }
  pageRoutes(app, address)
}

/** Reads the parameters, and waits for them only where there is a body. */
function answering(handler: Handler, { words, bounds }: { words: Words; bounds: BodyBounds }) {
  return (request: FastifyRequest, reply: FastifyReply) => {
    const call = (parameters: Parameters) => handler({ request, reply, parameters, words })
    const parameters = readParameters(request, bounds)
    return parameters instanceof Promise ? parameters.then(call) : call(parameters)
  }
}

/** Every refusal in Mozart's envelope; what nobody foresaw in the words that Mozart has for it. */
function refuse(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, message, headers } = explain(error)
  reply.code(status).headers(headers)
  if (status >= 500) request.failure = error
  if (status === 500) return reply.header('content-type', 'application/json').send(Buffer.from('{"message": "Internal Server Error"}\n'))
  const result = request.routeOptions.config.resultless ? undefined : 'null'
  return sendAnswer(reply, { success: false, message, result })
}
