import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { BodyReading } from '../shared/body.ts'
import { refuseWith } from '../shared/errors.ts'
import type { LargeTexts } from '../shared/large-texts.ts'
import { type PublicAddress, publicUrlOf } from '../shared/public-url.ts'
import { containerHandlers } from './containers.ts'
import { descriptionOf } from './descriptions.ts'
import { sendAnswer } from './envelope.ts'
import { pageRoutes } from './pages.ts'
import { type MozartHandler, type MozartParameters, type ParameterReading, readParameters } from './parameters.ts'
import { type MozartOperation, mozartRoutes } from './routes.ts'
import { specHandlers } from './specs.ts'
import { type DocumentKind, type Words, words } from './words.ts'

interface MozartOptions {
  catalogue: Catalogue
  address: PublicAddress
  /** The largest body, in bytes: that of a specification. */
  bodyLimit: number
  reading: BodyReading
  largeTexts: LargeTexts
}

/** The largest of all other bodies, in bytes. */
const smallBody = 1024 * 1024

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether errors have no `result`, as those of v0.1's removals. */
    resultless?: boolean
  }
}

/** The face for HySDS's own programs. */
export async function mozartFace(app: FastifyInstance, options: MozartOptions): Promise<void> {
  const { catalogue, address, bodyLimit, reading, largeTexts } = options
  const handlers: Record<DocumentKind, Partial<Record<MozartOperation, MozartHandler>>> = {
    container: containerHandlers(catalogue, publicUrlOf(address)),
    job_spec: specHandlers(catalogue.jobSpecs, largeTexts),
    hysds_io: specHandlers(catalogue.hysdsIos, largeTexts)
  }
  app.setErrorHandler(refuse)
  for (const route of mozartRoutes) {
    const { methods: method, url, action, operation, version, kind } = route
    const resultless = operation === 'remove' && version === 'v0.1'
    const bounds = { ...reading, limit: route.large ? bodyLimit : Math.min(bodyLimit, smallBody) }
    const handler = answering(handlers[kind][operation]!, { words: words[version][kind], bounds, largeTexts })
    app.route({ method, url, config: { action, resultless, describes: descriptionOf(route) }, handler })
  }
  pageRoutes(app, address)
}

/** Reads the parameters; waits for them only if there is a body. */
function answering(handler: MozartHandler, { words, ...reading }: ParameterReading & { words: Words }) {
  return (request: FastifyRequest, reply: FastifyReply) => {
    const call = (parameters: MozartParameters) => handler({ request, reply, parameters, words })
    const parameters = readParameters(request, reading)
    return parameters instanceof Promise ? parameters.then(call) : call(parameters)
  }
}

/** Answers every error in Mozart's envelope; an unforeseen one with Mozart's own message. */
function refuse(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, message } = refuseWith(reply, error)
  if (status === 500) return reply.header('content-type', 'application/json').send(Buffer.from('{"message": "Internal Server Error"}\n'))
  const result = request.routeOptions.config.resultless ? undefined : 'null'
  return sendAnswer(reply, { success: false, message, result })
}
