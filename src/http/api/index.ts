import multipart from '@fastify/multipart'
import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { BodyReading } from '../shared/body.ts'
import { publicUrlOf } from '../shared/public-url.ts'
import { batchRoutes } from './batch.ts'
import { expectationRoutes, jobRoutes, waitRoutes } from './building.ts'
import { channelRoutes, distGitRoutes, promotionRoutes } from './channels.ts'
import { containerEditRoutes, containerRoutes, listRoutes } from './containers.ts'
import { discoveryRoutes } from './discovery.ts'
import { layoutRoutes } from './download.ts'
import { eventRoutes } from './events.ts'
import { historyRoutes, restoreRoutes } from './history.ts'
import { imageListRoutes } from './image-lists.ts'
import { imageFormRoutes, imageUploadRoutes } from './image-uploads.ts'
import { imageChangeRoutes, imageRoutes } from './images.ts'
import { hideSecrets } from './masking.ts'
import { badgeRoutes, derivedRoutes, planningRoutes } from './planning.ts'
import { answerProblem } from './problems.ts'
import { freezingRoutes, frozenRoutes } from './releases.ts'
import { type ApiParts, type DeclareRoute, routesOf } from './route.ts'
import { accessRoute, startRoute } from './start.ts'
import { fsckRoutes, unnamedRoutes } from './upkeep.ts'
import { uploadRoutes } from './uploads.ts'
import { addWarnings } from './warnings.ts'

interface ApiOptions extends Pick<ApiParts, 'policy' | 'images' | 'uploads' | 'address' | 'largeTexts' | 'stallMs'> {
  catalogue: Catalogue
  reading: BodyReading
}

/** In bytes; a route that takes larger bodies says so. */
const smallBody = 64 * 1024

/** Our own interface, `/api/v1`. */
export async function apiFace(app: FastifyInstance, { catalogue, reading, ...options }: ApiOptions): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, face: 'api' }
  })
  app.setErrorHandler(answerProblem)
  app.addHook('preSerialization', addWarnings)
  app.addHook('onSend', hideSecrets)
  await app.register(multipart)
  const bounds = { ...reading, limit: smallBody }
  const parts = { ...catalogue, ...options, app, bounds, publicUrl: publicUrlOf(options.address) }
  const route = routesOf(app, parts)
  for (const declare of groups) await declare(route, parts)
}

/** In the order in which openapi.yaml lists them. */
const groups: ((route: DeclareRoute, parts: ApiParts) => void | Promise<void>)[] = [
  ...[startRoute, accessRoute, containerRoutes, containerEditRoutes, listRoutes],
  ...[imageRoutes, imageChangeRoutes, imageUploadRoutes, imageFormRoutes, layoutRoutes, batchRoutes],
  ...[expectationRoutes, jobRoutes, waitRoutes, uploadRoutes, historyRoutes, restoreRoutes, eventRoutes, planningRoutes, derivedRoutes],
  ...[imageListRoutes, discoveryRoutes, channelRoutes, promotionRoutes, freezingRoutes, frozenRoutes, distGitRoutes, badgeRoutes],
  ...[unnamedRoutes, fsckRoutes]
]
