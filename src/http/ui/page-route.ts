import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, isCatalogueError } from '../../domain/errors.ts'
import { checkId } from '../../domain/limits.ts'
import { type Action, type Policy, refusalOf, scopesOf } from '../../domain/policy.ts'
import { undescribed } from '../shared/describes.ts'
import { type PublicAddress, publicUrlOf, requestUrl } from '../shared/public-url.ts'
import { type Markup, markupText } from './html.ts'
import { layout, type Section } from './layout.ts'

/** What a page is about, and what stands on it below its header. */
export interface UiPage {
  title: string
  section?: Section
  /** Default 200. */
  status?: number
  main: Markup
}

export interface PageCall {
  request: FastifyRequest
  /** The query, with parameters that are empty, as forms send them, left out. */
  query: Readonly<Record<string, string>>
  params: PathNames
  frame: PageFrame
}

/** The names in the path of a page, as far as it has them. */
export type PathNames = Readonly<Record<'id' | 'architecture' | 'channel' | 'name', string>>

/** What every page needs to know of its request. */
export type PageFrame = ReturnType<typeof frameOf>

export type PageParts = { policy: Policy; address: PublicAddress; assetVersion: string }

/** Declares the page at a path below /ui. The handler returns the page, or where the browser is to go instead. */
export type DeclarePage = (path: string, handler: (call: PageCall) => Promise<UiPage | { to: string }>, action?: Action) => void

/** Pages are read by whoever may read containers, unless they say otherwise. */
export const pagesOn =
  (app: FastifyInstance, parts: PageParts): DeclarePage =>
  (path, handler, action = 'container:read') => {
    app.route({
      method: ['GET', 'HEAD'],
      url: `/ui${path}`,
      config: { action, describes: undescribed },
      async handler(request, reply) {
        const frame = frameOf(request, parts)
        const { done: _, ...query } = givenTexts(request)
        const page = await handler({ request, query, params: namesInPath(request), frame })
        return 'to' in page ? reply.redirect(page.to, 303) : sendUiPage(reply, { page, frame })
      }
    })
  }

/** Throws id_invalid. */
export function namesInPath({ params }: FastifyRequest): PathNames {
  const names = params as PathNames
  if (names.id !== undefined) checkId(names.id)
  return names
}

/** The query, without what was left open. */
export const givenTexts = (request: FastifyRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(request.query as Record<string, string>).filter(([, value]) => value !== ''))

export function frameOf(request: FastifyRequest, { policy, address, assetVersion }: PageParts) {
  const { identity } = request
  const path = request.url.split('?', 1)[0]!.slice(1)
  const folders = path.split('/').length - 1
  const root = '../'.repeat(folders) || './'
  return {
    /** The way from the page to the root of this server, such as `../../`: relative, so it leads back through whatever proxies there are. */
    root,
    /** The path of the page, from there. */
    path,
    assets: `${root}ui/assets/${assetVersion}/`,
    /** Where this client reaches this server. */
    url: requestUrl(request, address),
    /** The configured public URL, for what is stored. */
    publicUrl: publicUrlOf(address)(),
    policy,
    identity: identity.kind === 'anonymous' ? null : identity.name,
    scopes: scopesOf(policy, identity),
    /** Whether whoever asks may do something, to a container or anywhere: what a page offers. The server asks again when it is done. */
    may: (action: Action, id?: string) => refusalOf(policy, { identity, action, names: id === undefined ? undefined : [id] }) === undefined,
    /** What was done a moment ago, in words. */
    done: doneWords((request.query as Record<string, string>)['done']),
    now: new Date()
  }
}

/** The messages that a page's address can select after an action. The text is here, so that no link can put its own on a page. */
const doneTexts = {
  removed: 'It was removed. The history can bring it back.',
  'image-removed': 'The image was taken away. The history can bring it back.',
  verified: 'The bytes were read. What they prove stands below.',
  relabelled: 'It is registered as what its bytes are for.',
  expected: 'These architectures are expected now.',
  restored: 'It is registered again as it was.',
  promoted: 'The channel was moved.',
  brought: 'The tarball was stored, read and registered.',
  waits: 'The tarball was stored and read. It is published with the others.',
  unchanged: 'It was so already: nothing was changed.',
  'signed-in': 'You are signed in, until the browser is closed.'
} as const

export type Done = keyof typeof doneTexts

/** Returns undefined for anything else. */
const doneWords = (done: string | undefined): string | undefined =>
  done !== undefined && Object.hasOwn(doneTexts, done) ? doneTexts[done as Done] : undefined

/** Returns the result, or undefined when reading fails with this code, which the page then explains itself. */
export const unlessRefused = <Value>(reading: Promise<Value>, code: ErrorCode): Promise<Value | undefined> =>
  reading.catch((error: unknown) => {
    if (isCatalogueError(error, code)) return undefined
    throw error
  })

/** What a page may do: load what this server has, send its forms here, and be no part of another page. Nothing inline runs. */
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cache-control': 'private, no-cache',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
}

export function sendUiPage(reply: FastifyReply, { page, frame }: { page: UiPage; frame: PageFrame }): FastifyReply {
  return reply
    .code(page.status ?? 200)
    .headers(headers)
    .send(markupText(layout(page, frame)))
}
