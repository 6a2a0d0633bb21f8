import type { FastifyReply } from 'fastify'
import type { Hash } from '../../domain/image/facts.ts'
import type { FrozenRelease } from '../../domain/releases/release.ts'
import { type ReleaseFormat, releaseText, viewOfRelease } from '../../domain/releases/release-text.ts'
import { json, textContent, yaml } from '../shared/describes.ts'
import { type ApiParts, answer, type DeclareRoute } from './route.ts'

const reading = { action: 'container:read', tag: 'releases' } as const
const missing = 'There is no such release.'
const types: Record<ReleaseFormat, string> = {
  json: 'application/json; charset=utf-8',
  yaml: 'application/yaml; charset=utf-8',
  heat: 'application/yaml; charset=utf-8',
  text: 'text/plain; charset=utf-8',
  sh: 'text/x-shellscript; charset=utf-8'
}
const setLimit = 1024 * 1024
/** A year: it never changes, but it may be removed. */
const forEver = 'public, max-age=31536000, immutable'

/** Sets that are frozen under a name. */
export function freezingRoutes(route: DeclareRoute, { releases }: ApiParts): void {
  route('GET /releases', {
    ...reading,
    summary: 'The frozen releases, the newest first',
    answers: { 200: answer('The releases.', 'release-list.json') },
    handler: async () => ({ items: (await releases.list()).map(summaryOf) })
  })

  route('POST /releases', {
    action: 'container:write',
    tag: 'releases',
    summary: 'Freeze a set under a name',
    description:
      'Keeps the ids, URLs, digests, verdicts and test results of a channel, or of the images of set. The name never means anything else: the same images again are answered 200 with what is there, others 409. What a release names is never removed by clean-up.',
    query: 'dry-run-query.json',
    headers: 'reason-headers.json',
    body: 'release-post.json',
    bodyLimit: setLimit,
    answers: {
      200: answer('It was frozen before.', 'release-view.json'),
      201: answer('It is frozen. Location is the link to hand out.', 'release-view.json'),
      404: 'There is no such channel.',
      409: 'The name means another set; or the set is refused, with every reason in `errors`.'
    },
    async handler({ request, reply, body, change, publicUrl }) {
      // a name that means something for ever
      request.permit([body.name])
      const { name, channel, set, require = [], params = {}, reason } = body
      const { cause, dryRun } = change
      const by = reason === undefined ? cause : { ...cause, reason }
      const { release, created } = await releases.freeze({ name, channel, set, require, params, publicUrl, cause: by, dryRun })
      return reply
        .code(created ? 201 : 200)
        .header('location', `${publicUrl}/api/v1/releases/${name}`)
        .send(viewOfRelease(release))
    }
  })
}

/** What was frozen. */
export function frozenRoutes(route: DeclareRoute, { releases, hash }: ApiParts): void {
  route('GET /releases/:name', {
    ...reading,
    summary: 'A frozen release',
    description: 'The same bytes for ever, in each format.',
    params: 'release-parameter.json',
    query: 'release-query.json',
    answers: {
      200: {
        description: 'The release.',
        content: {
          ...json('release-view.json#'),
          ...textContent('registry.example.org/nova-api@sha256:0d5a\n'),
          ...yaml('container_images:\n'),
          ...textContent('#!/bin/sh\n', 'text/x-shellscript')
        }
      },
      304: { description: 'It is the one that If-None-Match names.' },
      404: missing
    },
    async handler({ reply, params, query: { format } }) {
      const text = releaseText(await releases.read(params.name), format)
      return sendForEver(reply.header('content-type', types[format]), text, hash)
    }
  })

  route('DELETE /releases/:name', {
    action: 'operations:write',
    tag: 'releases',
    summary: 'Remove a release',
    description: 'For what was frozen by mistake: links to it are dead then, and what it names may be cleaned up.',
    params: 'release-parameter.json',
    query: 'dry-run-query.json',
    headers: 'reason-headers.json',
    answers: { 200: answer('It is removed.', 'release-view.json'), 404: missing },
    handler: async ({ params, change }) => viewOfRelease(await releases.remove(params.name, change))
  })
}

function sendForEver(reply: FastifyReply, text: string, hash: Hash): FastifyReply {
  const etag = `"${hash(text)}"`
  const expected = reply.request.headers['if-none-match']
  reply.header('etag', etag).header('cache-control', forEver)
  const same = expected?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*')
  return same ? reply.code(304).send() : reply.send(text)
}

function summaryOf({ set, by: { reason, ...by }, name, created, from }: FrozenRelease) {
  return { name, created, by, reason, from, images: set.length }
}
