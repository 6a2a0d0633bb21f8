import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Oci } from '../../catalogue/oci/oci.ts'
import { parseOciPath } from '../../domain/oci/names.ts'
import type { Action } from '../../domain/policy.ts'
import '../shared/action.ts'
import { undescribed } from '../shared/describes.ts'
import type { PublicAddress } from '../shared/public-url.ts'
import { type OciRequest, read } from './reading.ts'
import { refuseOci } from './refusals.ts'

export interface OciOptions {
  oci: Oci
  address: PublicAddress
  /** How long an upload may pause, in milliseconds. */
  stallMs: number
}

/**
 * The OCI distribution specification. Clients look for `/v2/` at the root of the host only. One route a method, as names of repositories
 * contain slashes.
 */
export async function ociFace(app: FastifyInstance, { oci }: OciOptions): Promise<void> {
  app.setErrorHandler(refuseOci)
  app.addHook('onSend', async (_request, reply) => void reply.header('docker-distribution-api-version', 'registry/2.0'))

  route('GET', 'container:read', read)
  route('HEAD', 'container:read', read)

  function route(method: string, action: Action, handler: (call: OciRequest) => Promise<FastifyReply> | FastifyReply): void {
    for (const url of ['/v2', '/v2/*']) {
      const config = { face: 'oci', action, describes: undescribed }
      app.route({ method, url, config, handler: async (request, reply) => handler({ request, reply, oci, path: pathOf(request) }) })
    }
  }
}

const pathOf = ({ params }: FastifyRequest) => parseOciPath((params as { '*'?: string })['*'] ?? '')
