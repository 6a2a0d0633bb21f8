import type { WholeEntry } from '../../catalogue/history/container-history.ts'
import { type ApiParts, answer, type DeclareRoute } from './route.ts'
import { sendPage, withEtag } from './sending.ts'

const missing = 'Neither the store nor the history has such a container; or the history has no such revision.'
const reading = { action: 'container:read', tag: 'history' } as const
const ofContainer = { ...reading, params: 'id-parameter.json' } as const

/** What happened to containers. */
export function historyRoutes(route: DeclareRoute, { history }: ApiParts): void {
  route('GET /containers/:id/history', {
    ...ofContainer,
    summary: 'What happened to a container',
    description:
      'One entry for each change of meaning, the newest first: when, who, what, before, after, why. Containers that were removed have a history, too.',
    query: 'history-query.json',
    answers: { 200: answer('One page.', 'history-page.json'), 404: missing },
    handler: async ({ reply, params, query, publicUrl }) => sendPage(reply, { page: await history.list(params.id, query), publicUrl })
  })

  route('GET /containers/:id/history/:revision', {
    ...reading,
    summary: 'One entry of the history, with whole documents',
    description:
      'Named by the revision that the change made. A removal, and an entry that is not about the record, are named by the id of the entry. Secrets in URLs are masked, and nothing else is changed.',
    params: 'history-parameters.json',
    answers: { 200: answer('The entry.', 'history-document.json'), 404: missing },
    handler: async ({ reply, params }) => reply.type('application/json').send(wholeEntry(await history.entry(params.id, params.revision)))
  })

  route('GET /containers/:id/diff', {
    ...ofContainer,
    summary: 'What differs between two revisions',
    description: 'Differences in what the record means; order, spacing and aliases are none. Secrets in URLs are masked.',
    query: 'diff-query.json',
    answers: { 200: answer('The differences.', 'diff-answer.json'), 404: missing },
    handler: ({ params, query }) => history.compare(params.id, query)
  })
}

/** Going back. */
export function restoreRoutes(route: DeclareRoute, { history, deleted }: ApiParts): void {
  route('POST /containers/:id/restore', {
    action: 'container:write',
    tag: 'history',
    summary: 'Register again what a container was at a revision',
    description:
      'The same document, byte for byte; the history gets an entry for it. It brings back a container that was removed, also one that was removed in the store itself. Tarballs of ours that are gone by now are listed as warnings.',
    params: 'id-parameter.json',
    query: 'dry-run-query.json',
    headers: 'change-headers.json',
    body: 'restore.json',
    answers: {
      200: answer('It is registered, or would be (dry run).', 'restore-answer.json'),
      404: missing,
      422: 'What it was then cannot be registered any more.'
    },
    async handler({ reply, params, body, change }) {
      const restored = await history.restore({ id: params.id, revision: body.revision, ...change })
      return withEtag(reply, restored.container).send(restored)
    }
  })

  route('GET /deleted', {
    ...reading,
    summary: 'Containers that were removed and can be brought back',
    description:
      'Those of the last 30 days (LEPORELLO_DELETED_KEEP) that have not come back, with who removed them and when, and whether their tarballs are still there.',
    query: 'page-query.json',
    answers: { 200: answer('One page.', 'deleted-page.json') },
    handler: async ({ reply, query, publicUrl }) => sendPage(reply, { page: await deleted({ ...query, publicUrl }), publicUrl })
  })
}

/** The documents as they are: JSON that is parsed and written again would lose digits of numbers. */
function wholeEntry({ view, before, after }: WholeEntry): string {
  return `${JSON.stringify(view).slice(0, -1)},"before":${before},"after":${after}}`
}
