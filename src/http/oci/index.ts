import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseOciPath } from '../../domain/oci/names.ts'
import type { Action, Policy } from '../../domain/policy.ts'
import { undescribed } from '../shared/describes.ts'
import { type PublicAddress, publicUrlOf } from '../shared/public-url.ts'
import { type OciRequest, read } from './reading.ts'
import { refusingWith } from './refusals.ts'
import { asksToSignIn, challengeFor, requireSignIn, sendToken } from './sign-in.ts'
import { patch, post, put, remove } from './writing.ts'

interface OciOptions extends Pick<OciRequest, 'oci' | 'stallMs' | 'reading'> {
  policy: Policy
  /** Returns whether a text looks like a token of this service. */
  isToken(text: string): boolean
  address: PublicAddress
}

/** The OCI distribution specification, at the root of the host. One route a method, as names of repositories contain slashes. */
export async function ociFace(app: FastifyInstance, { oci, policy, isToken, address, stallMs, reading }: OciOptions): Promise<void> {
  const publicUrl = publicUrlOf(address)
  app.setErrorHandler(refusingWith((request) => challengeFor(request, address)))
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('docker-distribution-api-version', 'registry/2.0')
    done()
  })

  app.route({
    method: 'GET',
    url: '/v2/token',
    config: { face: 'oci', action: 'public', describes: undescribed },
    handler: async (_request, reply) => sendToken(reply, isToken)
  })
  route('GET', 'container:read', read)
  route('HEAD', 'container:read', read)
  route('POST', 'container:write', post)
  route('PATCH', 'container:write', patch)
  route('PUT', 'container:write', put)
  route('DELETE', 'container:delete', remove)

  function route(method: string, action: Action, answer: (call: OciRequest) => Promise<FastifyReply> | FastifyReply): void {
    const config = { face: 'oci', action, describes: undescribed, beginsUpload: ['POST', 'PATCH', 'PUT'].includes(method) }
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      const path = parseOciPath((request.params as { '*'?: string })['*'] ?? '')
      if (path?.kind === 'base' && asksToSignIn(policy)) requireSignIn(request)
      return answer({ request, reply, oci, stallMs, reading, path, publicUrl })
    }
    for (const url of ['/v2', '/v2/*']) app.route({ method, url, config, handler })
  }
}
