import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Action, type Policy, refusalOf, type Scope, scopesOf } from '../../domain/policy.ts'
import { undescribed } from '../shared/describes.ts'
import '../shared/action.ts'
import '../shared/identity.ts'
import { doneWords } from './done-words.ts'
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
  params: Readonly<Record<string, string>>
  frame: PageFrame
}

/** What every page needs to know of its request. */
export interface PageFrame {
  /** The way from the page to the root of this server, such as `../../`: relative, so it leads back through whatever proxies there are. */
  root: string
  /** The path of the page, from there. */
  path: string
  assets: string
  policy: Policy
  /** Null for anonymous. */
  identity: string | null
  scopes: readonly Scope[]
  /** Whether whoever asks may do something, to a container or anywhere: what a page offers. The server asks again when it is done. */
  may(action: Action, id?: string): boolean
  /** What was done a moment ago, in words. */
  done: string | undefined
  now: Date
}

export interface PageParts {
  policy: Policy
  assetVersion: string
  now: () => Date
}

export interface PageRoute {
  /** Below /ui. */
  path: string
  handler(call: PageCall): Promise<UiPage>
}

export type DeclarePage = (route: PageRoute) => void

/** Pages are read by whoever may read containers. */
export const pagesOn =
  (app: FastifyInstance, parts: PageParts): DeclarePage =>
  ({ path, handler }) => {
    app.route({
      method: ['GET', 'HEAD'],
      url: `/ui${path}`,
      config: { action: 'container:read', describes: undescribed },
      async handler(request, reply) {
        const frame = frameOf(request, parts)
        const { done: _, ...query } = givenTexts(request)
        const params = request.params as Record<string, string>
        return sendUiPage(reply, { page: await handler({ request, query, params, frame }), frame })
      }
    })
  }

/** The query, without what was left open. */
export const givenTexts = (request: FastifyRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(request.query as Record<string, string>).filter(([, value]) => value !== ''))

export function frameOf(request: FastifyRequest, { policy, assetVersion, now }: PageParts): PageFrame {
  const { identity } = request
  const path = request.url.split('?', 1)[0]!.slice(1)
  const folders = path.split('/').length - 1
  const root = '../'.repeat(folders) || './'
  return {
    root,
    path,
    assets: `${root}ui/assets/${assetVersion}/`,
    policy,
    identity: identity.kind === 'anonymous' ? null : identity.name,
    scopes: scopesOf(policy, identity),
    may: (action, id) => refusalOf(policy, { identity, action, names: id === undefined ? undefined : [id] }) === undefined,
    done: doneWords((request.query as Record<string, string>)['done']),
    now: now()
  }
}

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
