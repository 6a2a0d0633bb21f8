import type { FastifyReply } from 'fastify'

/** Adds the revision as entity tag; none where there is no record yet. */
export const withEtag = (reply: FastifyReply, { revision }: { revision: string | null }): FastifyReply =>
  revision ? reply.header('etag', `"${revision}"`) : reply
