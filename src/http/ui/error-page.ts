import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { refuseWith } from '../shared/errors.ts'
import { exact, html } from './html.ts'
import { frameOf, type PageFrame, type PageParts, sendUiPage, type UiPage } from './page-route.ts'
import { sentence } from './texts.ts'

/** Writes a refusal as a page that says what was wrong, and what to do. */
export const answerErrorPage =
  (parts: PageParts) =>
  (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { status, message } = refuseWith(reply, error)
    const frame = frameOf(request, parts)
    return sendUiPage(reply, { page: errorPage(status, message, { ...frame, request: request.id }), frame })
  }

const titles: Readonly<Record<number, string>> = {
  401: 'Sign in to see this',
  403: 'You may not do this',
  404: 'Not found',
  409: 'This is not possible now',
  412: 'Somebody else was first',
  413: 'This is too large',
  422: 'This is not possible',
  500: 'This is our fault',
  503: 'The store does not answer'
}

const advice: Readonly<Record<number, string>> = {
  400: 'The address of this page may have been cut short, or be of an earlier version.',
  401: 'Load the page again: the browser asks for a user and a password. Any user will do; the password is the token.',
  404: 'It may have been removed, or have another name. The catalogue has a search.',
  409: 'Nothing was changed.',
  412: 'Nothing was changed. Look at what there is now, and decide anew.',
  422: 'Nothing was changed.',
  500: 'Tell the operator the request below; the log of this service has the details.',
  503: 'Nothing is lost: workers and builders wait or try again. Load the page again in a moment.'
}

/** The id of the request is for whoever searches the log. */
function errorPage(status: number, message: string, { root, path, request }: PageFrame & { request: string }): UiPage {
  const title = titles[status] ?? STATUS_CODES[status] ?? 'Error'
  // who has to sign in wants to know how, and the rest is for programs
  const [what, remedy] = status === 401 ? [advice[401], sentence(message)] : [sentence(message), advice[status]]
  return {
    title,
    status,
    main: html`<section class="notice" data-status="${status}">
<p class="code">${status}</p>
<h1>${title}</h1>
<p class="lead">${what}</p>
${remedy !== undefined && html`<p>${remedy}</p>`}
<p>${wayBack(path).map(([way, words]) => html`<a href="${exact(root + way)}">${words}</a> `)}</p>
<p class="fine">Request <code>${request}</code></p>
</section>`
  }
}

/** To what an action is about, and to the catalogue. */
function wayBack(path: string): (readonly [way: string, words: string])[] {
  const [about, kind] = /^ui\/(container|channel)s\/[^/]+(?=\/)/.exec(path) ?? []
  return [...(about === undefined ? [] : [[about, `Back to the ${kind}`] as const]), ['ui/', 'To the catalogue']]
}
