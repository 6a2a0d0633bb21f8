import type { FastifyReply } from 'fastify'

/** The revision as an entity tag; none where nothing stands yet. */
export const withEtag = (reply: FastifyReply, { revision }: { revision: string | null }): FastifyReply =>
  revision ? reply.header('etag', `"${revision}"`) : reply
