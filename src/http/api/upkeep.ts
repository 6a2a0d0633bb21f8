import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { FindingKind, FsckLine } from '../../catalogue/tarballs/fsck/findings.ts'
import type { FsckRepairQuery } from '../../schemas.ts'
import type { DescribedAnswer } from '../shared/describes.ts'
import { explain } from '../shared/errors.ts'
import { soon } from '../shared/soon.ts'
import { type Shown, shownTo } from './masking.ts'
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

/** The interval of keep-alive lines: proxies close connections that are silent for a minute. */
const keepAliveMs = 10_000
/** How long the answer is held back, as an early error can still change its status. */
const refusalMs = 1_000

/** Sends each item as a line of JSON when it comes. An early error is answered with its status; a later one can only be the last line. */
async function sendLines(reply: FastifyReply, items: AsyncGenerator<unknown>): Promise<FastifyReply> {
  const first = items.next()
  await soon(first, refusalMs)
  return reply
    .type('application/x-ndjson')
    .header('cache-control', 'no-store')
    .send(Readable.from(written(first, items, shownTo(reply.request))))
}

async function* written(first: Promise<IteratorResult<unknown>>, items: AsyncGenerator<unknown>, shown: Shown): AsyncGenerator<string> {
  try {
    let next = first
    for (;;) {
      const step = await soon(next, keepAliveMs)
      if (step === undefined) {
        yield '\n'
        continue
      }
      if (step.done) return
      yield `${shown(step.value)}\n`
      next = items.next()
      next.catch(() => {}) // it is awaited above; until then an error must not be unhandled
    }
  } catch (error) {
    yield `${JSON.stringify({ type: 'failed', message: explain(error).message })}\n`
  } finally {
    await items.return(undefined)
  }
}
