import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Policy } from '../../domain/policy.ts'
import '../shared/action.ts'
import { undescribed } from '../shared/describes.ts'
import type { PublicAddress } from '../shared/public-url.ts'
import { assetRoutes, readAssets } from './assets.ts'
import { cataloguePage } from './catalogue-page.ts'
import { channelPages } from './channel-pages.ts'
import { containerPage } from './container-page.ts'
import { answerErrorPage } from './error-page.ts'
import { historyPages } from './history-pages.ts'
import { imagePage } from './image-page.ts'
import { pagesOn } from './page-route.ts'
import { releasePages } from './release-pages.ts'
import { setDiffPage } from './set-diff-page.ts'

export interface UiOptions {
  catalogue: Catalogue
  policy: Policy
  address: PublicAddress
  now?: (() => Date) | undefined
}

/** Pages for people, `/ui/`. They know the use cases of the catalogue, as every face does, and are complete without JavaScript. */
export async function uiFace(app: FastifyInstance, { catalogue, policy, address, now = () => new Date() }: UiOptions): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, face: 'ui' }
  })
  const assets = await readAssets()
  const parts = { policy, assetVersion: assets.version, now }
  app.setErrorHandler(answerErrorPage(parts))
  assetRoutes(app, assets)
  app.route({
    method: ['GET', 'HEAD'],
    url: '/ui',
    config: { action: 'container:read', describes: undescribed },
    // relative, so it leads on through whatever proxies there are
    handler: (_request, reply) => reply.redirect('ui/', 308)
  })
  const page = pagesOn(app, parts)
  const pageParts = { ...catalogue, address }
  cataloguePage(page, pageParts)
  containerPage(page, pageParts)
  historyPages(page, pageParts)
  if (catalogue.images) imagePage(page, { images: catalogue.images, address })
  channelPages(page, pageParts)
  setDiffPage(page, pageParts)
  releasePages(page, pageParts)
  page({
    path: '/*',
    async handler() {
      throw new CatalogueError('name_unknown', 'there is no page at this address')
    }
  })
}
