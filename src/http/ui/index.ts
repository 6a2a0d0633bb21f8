import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Policy } from '../../domain/policy.ts'
import type { BodyReading } from '../shared/body.ts'
import { undescribed } from '../shared/describes.ts'
import type { PublicAddress } from '../shared/public-url.ts'
import { actionsOn } from './action-route.ts'
import { channelActions, newChannelPage } from './actions-channel.ts'
import { containerActions } from './actions-container.ts'
import { imageActions } from './actions-image.ts'
import { assetRoutes, readAssets } from './assets.ts'
import { bringPage, bringRoute } from './bring.ts'
import { cataloguePage } from './catalogue-page.ts'
import { channelPages } from './channel-pages.ts'
import { containerPage } from './container-page.ts'
import { deletedPage } from './deleted-page.ts'
import { answerErrorPage } from './error-page.ts'
import { historyPages } from './history-pages.ts'
import { imagePage } from './image-page.ts'
import { pagesOn } from './page-route.ts'
import { releasePages } from './release-pages.ts'
import { setDiffPage } from './set-diff-page.ts'
import { signInPage } from './sign-in.ts'

type UiOptions = { catalogue: Catalogue; policy: Policy; address: PublicAddress; reading: BodyReading }

/** The largest form, in bytes. */
const smallForm = 64 * 1024

/** Pages for people, `/ui/`. They know the use cases of the catalogue, as every face does, and are complete without JavaScript. */
export async function uiFace(app: FastifyInstance, { catalogue, policy, address, reading }: UiOptions): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, face: 'ui' }
  })
  const assets = await readAssets()
  const parts = { policy, address, assetVersion: assets.version }
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
  const pages = [cataloguePage, containerPage, historyPages, channelPages, setDiffPage, releasePages, deletedPage, signInPage]
  for (const declare of pages) declare(page, catalogue)
  newChannelPage(page)
  const action = actionsOn(app, { ...parts, bounds: { ...reading, limit: smallForm } })
  for (const each of [...containerActions(catalogue), ...channelActions(catalogue)]) action(each)
  const { images } = catalogue
  if (images) {
    imagePage(page, images)
    for (const each of imageActions({ ...catalogue, images })) action(each)
    bringPage(page)
    await app.register(bringRoute, { ...parts, images })
  }
  page('/*', async () => {
    throw new CatalogueError('name_unknown', 'there is no page at this address')
  })
}
