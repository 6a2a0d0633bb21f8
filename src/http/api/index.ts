import multipart from '@fastify/multipart'
import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Images } from '../../catalogue/images/images.ts'
import type { ResumableUploads } from '../../catalogue/images/resumable-uploads.ts'
import '../shared/action.ts'
import { type PublicAddress, publicUrlOf } from '../shared/public-url.ts'
import { batchRoutes } from './batch.ts'
import { buildingRoutes } from './building.ts'
import { containerRoutes } from './containers.ts'
import { eventRoutes } from './events.ts'
import { historyRoutes } from './history.ts'
import { imageRoutes } from './images.ts'
import { layoutRoutes } from './layout.ts'
import { listRoutes } from './lists.ts'
import { planningRoutes } from './planning.ts'
import { refuse } from './problems.ts'
import { resolveRoutes } from './resolve.ts'
import { startRoute } from './start.ts'
import { upkeepRoutes } from './upkeep.ts'
import { uploadRoutes } from './uploads.ts'
import { waitRoutes } from './wait.ts'

export interface ApiOptions {
  catalogue: Catalogue
  images: Images
  uploads: ResumableUploads
  address: PublicAddress
  bodyTimeoutMs: number
  /** How long an upload may stand still. */
  stallMs: number
}

/** A JSON body of this face holds a few names. */
const smallBody = 64 * 1024

/** Our own interface, `/api/v1`. */
export async function apiFace(
  app: FastifyInstance,
  { catalogue, images, uploads, address, bodyTimeoutMs, stallMs }: ApiOptions
): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, face: 'api' }
  })
  app.setErrorHandler(refuse)
  await app.register(multipart)
  const common = { publicUrl: publicUrlOf(address), bounds: { limit: smallBody, timeoutMs: bodyTimeoutMs } }
  startRoute(app, { address })
  imageRoutes(app, { images, ...common, stallMs })
  containerRoutes(app, { ...catalogue, ...common })
  resolveRoutes(app, catalogue)
  listRoutes(app, { ...catalogue, ...common })
  if (catalogue.layout) layoutRoutes(app, { layout: catalogue.layout, ...common })
  batchRoutes(app, { ...catalogue, ...common })
  buildingRoutes(app, { ...catalogue, ...common })
  waitRoutes(app, catalogue)
  await app.register(uploadRoutes, { uploads, address, stallMs })
  historyRoutes(app, { ...catalogue, ...common })
  eventRoutes(app, catalogue)
  planningRoutes(app, { ...catalogue, ...common })
  if (catalogue.upkeep) upkeepRoutes(app, { ...catalogue, upkeep: catalogue.upkeep, ...common })
}
