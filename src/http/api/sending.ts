import type { FastifyReply } from 'fastify'

/** Adds the revision as entity tag; none where there is no record yet. */
export const withEtag = (reply: FastifyReply, { revision }: { revision: string | null }): FastifyReply =>
  revision ? reply.header('etag', `"${revision}"`) : reply

/** Sends an answer with its revision as entity tag. */
export const sendTagged = (reply: FastifyReply, answer: { revision: string | null }): FastifyReply => withEtag(reply, answer).send(answer)

/** Sends a page, with the address of the next one in Link (RFC 8288). */
export function sendPage(reply: FastifyReply, { page, publicUrl }: { page: { next: string | null }; publicUrl: string }): FastifyReply {
  if (page.next !== null) {
    const [path, query = ''] = reply.request.url.split('?', 2)
    const parameters = new URLSearchParams(query)
    parameters.set('cursor', page.next)
    reply.header('link', `<${publicUrl}${path}?${parameters}>; rel="next"`)
  }
  return reply.send(page)
}
