import type { FastifyReply } from 'fastify'
import type { FindingKind, FsckLine } from '../../catalogue/tarballs/fsck/findings.ts'
import type { FsckRepairQuery } from '../../schemas.ts'
import type { DescribedAnswer } from '../shared/describes.ts'
import { sendLines } from './lines.ts'
import { type ApiParts, answer, type DeclareRoute } from './route.ts'

const lines: DescribedAnswer = {
  description: 'A line of JSON for each finding and note as it is found, and the summary last. Empty lines keep the connection alive.',
  content: { 'application/x-ndjson': { schema: { $ref: 'fsck-line.json#' } } }
}

/** Containers that name no architectures. */
export function unnamedRoutes(route: DeclareRoute, { upkeep, backfill }: ApiParts): void {
  if (!upkeep) return
  route('POST /containers/:id/verify', {
    action: 'container:write',
    tag: 'images',
    summary: 'Read the one image of a container that names no architectures',
    description: 'The images of a container that names architectures are read one by one, with …/images/{architecture}/verify.',
    params: 'id-parameter.json',
    query: 'dry-run-query.json',
    answers: {
      200: answer('What it is.', 'container-image.json'),
      403: 'The policy, or the token, does not permit it, or the bytes are where this site does not read (LEPORELLO_VERIFY).',
      404: 'There is no such container, or it names its images by architecture: `available` lists them.',
      422: 'Its bytes cannot be read, or do not tell.'
    },
    handler: ({ params: { id }, query: { dryRun = false }, publicUrl }) => upkeep.verifySingle({ id, publicUrl, dryRun })
  })

  route('GET /backfill', {
    action: 'container:read',
    tag: 'containers',
    summary: 'Containers that name no architectures, and what they would become',
    description: 'A dry run: nothing is written.',
    query: 'backfill-query.json',
    answers: { 200: answer('A page.', 'backfill-page.json') },
    handler: ({ query: { id, limit, cursor }, publicUrl }) => backfill.page({ id, limit, cursor, publicUrl })
  })

  route('POST /containers/:id/backfill', {
    action: 'container:write',
    tag: 'containers',
    summary: 'Name the architecture of a container that names none, as its bytes prove it',
    description: 'With If-Match only if the record is still the one that was looked at.',
    params: 'id-parameter.json',
    query: 'dry-run-query.json',
    headers: 'change-headers.json',
    answers: {
      200: answer('What was written.', 'backfill-item.json'),
      404: 'There is no such container, it names its images by architecture, or nothing proves what it is.'
    },
    handler: ({ params, change }) => backfill.write({ id: params.id, ...change })
  })
}

/** Records, facts and tarballs compared with each other. */
export function fsckRoutes(route: DeclareRoute, { upkeep }: ApiParts): void {
  if (!upkeep) return
  const fsck = (reply: FastifyReply, publicUrl: string, { deep, repair = '' }: Partial<FsckRepairQuery>): AsyncGenerator<FsckLine> => {
    // a client that went away needs no more findings
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort(new Error('the client went away')))
    const kinds = new Set(repair.split(',').filter(Boolean) as FindingKind[])
    return upkeep.fsck({ deep: deep === 'true', repair: kinds, publicUrl, signal: gone.signal })
  }

  route('GET /fsck', {
    answersHead: false,
    action: 'operations:read',
    tag: 'operator',
    summary: 'Compare records, what is known of their images, and tarballs',
    description: 'It changes nothing, and may run while uploads arrive.',
    query: 'fsck-query.json',
    answers: { 200: lines },
    handler: ({ reply, query, publicUrl }) => sendLines(reply, fsck(reply, publicUrl, query))
  })

  route('POST /fsck', {
    action: 'operations:write',
    tag: 'operator',
    summary: 'The same, and repair the kinds of findings that are named',
    description: 'What is too young, or still kept after a removal, is left alone.',
    query: 'fsck-repair-query.json',
    answers: { 200: lines },
    handler: ({ reply, query, publicUrl }) => sendLines(reply, fsck(reply, publicUrl, query))
  })
}
