import multipart from '@fastify/multipart'
import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Images } from '../../catalogue/images/images.ts'
import type { ResumableUploads } from '../../catalogue/images/resumable-uploads.ts'
import type { Policy } from '../../domain/policy.ts'
import type { BodyBudget } from '../shared/body-budget.ts'
import type { LargeTexts } from '../shared/large-texts.ts'
import { type PublicAddress, publicUrlOf } from '../shared/public-url.ts'
import { badgeRoutes } from './badges.ts'
import { batchRoutes } from './batch.ts'
import { expectationRoutes, jobRoutes } from './building.ts'
import { channelRoutes, promotionRoutes } from './channels.ts'
import { containerEditRoutes, containerRoutes } from './containers.ts'
import { discoveryRoutes } from './discovery.ts'
import { distGitRoutes } from './dist-git.ts'
import { eventRoutes } from './events.ts'
import { historyRoutes, restoreRoutes } from './history.ts'
import { imageListRoutes } from './image-lists.ts'
import { imageFormRoutes, imageUploadRoutes } from './image-uploads.ts'
import { imageChangeRoutes, imageRoutes } from './images.ts'
import { layoutRoutes } from './layout.ts'
import { listRoutes } from './lists.ts'
import { hideSecrets } from './masking.ts'
import { derivedRoutes, planningRoutes } from './planning.ts'
import { answerProblem } from './problems.ts'
import { releaseRoutes } from './releases.ts'
import { routesOf } from './route.ts'
import { accessRoute, startRoute } from './start.ts'
import { fsckRoutes, unnamedRoutes } from './upkeep.ts'
import { uploadRoutes } from './uploads.ts'
import { waitRoutes } from './wait.ts'
import { addWarnings } from './warnings.ts'

export interface ApiOptions {
  catalogue: Catalogue
  policy: Policy
  images: Images
  uploads: ResumableUploads
  address: PublicAddress
  bodyTimeoutMs: number
  bodies: BodyBudget
  largeTexts: LargeTexts
  /** How long an upload may pause. */
  stallMs: number
}

/** In bytes; a route that takes larger bodies says so. */
const smallBody = 64 * 1024

/** Our own interface, `/api/v1`. */
export async function apiFace(
  app: FastifyInstance,
  { catalogue, policy, images, uploads, address, bodyTimeoutMs, bodies, largeTexts, stallMs }: ApiOptions
): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, face: 'api' }
  })
  app.setErrorHandler(answerProblem)
  app.addHook('preSerialization', addWarnings)
  app.addHook('onSend', hideSecrets)
  await app.register(multipart)
  const options = { publicUrl: publicUrlOf(address), bounds: { limit: smallBody, timeoutMs: bodyTimeoutMs, budget: bodies } }
  const { bounds } = options
  const route = routesOf(app, options)
  startRoute(route, { address })
  accessRoute(route, { policy })
  containerRoutes(route, { ...catalogue, images })
  containerEditRoutes(route, catalogue)
  listRoutes(route, catalogue)
  imageRoutes(route, { images })
  imageChangeRoutes(route, { ...catalogue, images })
  imageUploadRoutes(route, { images, bounds, stallMs })
  imageFormRoutes(route, { images })
  if (catalogue.layout) layoutRoutes(route, { layout: catalogue.layout })
  batchRoutes(route, catalogue)
  expectationRoutes(route, { ...catalogue, bounds, largeTexts })
  for (const kind of ['build', 'test'] as const) jobRoutes(route, { ...catalogue, bounds, kind })
  waitRoutes(app, { ...catalogue, route })
  await app.register(uploadRoutes, { ...options, uploads, address, stallMs })
  historyRoutes(route, catalogue)
  restoreRoutes(route, catalogue)
  eventRoutes(app, { ...catalogue, route })
  planningRoutes(route, catalogue)
  derivedRoutes(route, catalogue)
  imageListRoutes(route, { ...catalogue, bounds })
  discoveryRoutes(route, { ...catalogue, bounds, largeTexts })
  channelRoutes(route, catalogue)
  promotionRoutes(route, catalogue)
  releaseRoutes(route, catalogue)
  distGitRoutes(route, catalogue)
  badgeRoutes(route, catalogue)
  if (!catalogue.upkeep) return
  unnamedRoutes(route, { ...catalogue, upkeep: catalogue.upkeep })
  fsckRoutes(route, { upkeep: catalogue.upkeep })
}
