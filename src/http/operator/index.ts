import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { PublicAddress } from '../shared/public-url.ts'
import { descriptionRoutes } from './description.ts'
import { documentRoutes, type Indices } from './documents.ts'
import { type Probes, probeRoutes } from './probes.ts'
import { swaggerUiRoutes } from './swagger-ui.ts'
import { unavailableRoutes } from './unavailable.ts'

export interface OperatorOptions {
  catalogue: Catalogue
  address: PublicAddress
  probes: Probes
  /** The engine's names of the three indices whose documents are shown. */
  indices: Indices
  /** The address of openapi.yaml. */
  description: URL
}

/** The face for operators and their tools: probes, metrics, documents as the engine has them, guard URLs, and the description of all faces. */
export async function operatorFace(app: FastifyInstance, options: OperatorOptions): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, face: 'operator' }
  })
  probeRoutes(app, options.probes)
  documentRoutes(app, options)
  unavailableRoutes(app, options.catalogue)
  descriptionRoutes(app, options)
  swaggerUiRoutes(app)
}
