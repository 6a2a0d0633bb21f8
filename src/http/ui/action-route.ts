import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ChangeContext } from '../../catalogue/records/image-records.ts'
import type { Action } from '../../domain/policy.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { type BodyBounds, readBody } from '../shared/body.ts'
import { causeOf } from '../shared/cause.ts'
import { undescribed } from '../shared/describes.ts'
import { parseUrlEncoded } from '../shared/url-encoded.ts'
import { type ActionQuestion, questionPage } from './action-page.ts'
import { type Done, frameOf, givenTexts, namesInPath, type PageFrame, type PageParts, type PathNames, sendUiPage } from './page-route.ts'

/** Something that people do on a page: it first says what it would do, and does it when that is confirmed. */
export interface UiAction {
  /** Below /ui. */
  path: string
  action: Action
  /** The largest form, in bytes; default 64 KiB. */
  formLimit?: number
  /** Returns what it would do, as far as enough was said; changes nothing. */
  ask(call: ActionCall): Promise<ActionQuestion>
  /** Carries the action out. Returns the page to redirect to, and the outcome that it shows. */
  act(call: ActionCall): Promise<{ to: string; done: Done }>
}

export interface ActionCall {
  request: FastifyRequest
  params: PathNames
  /** What the address and the form say, without what was left open. */
  texts: Readonly<Record<string, string>>
  frame: PageFrame
  /** A dry run while it asks. The precondition is what the page had seen. */
  change: ChangeContext
}

const longestReason = 1000

/** GET asks, for whoever may do it; a POST that confirms does it, and leads on to the page that shows it. Any other POST asks with what the form says. */
export const actionsOn =
  (app: FastifyInstance, parts: PageParts & { bounds: BodyBounds }) =>
  ({ path, action, formLimit, ask, act }: UiAction): void => {
    const url = `/ui${path}`
    const callOf = (request: FastifyRequest, fields: ActionCall['texts']): ActionCall => {
      const texts = { ...givenTexts(request), ...fields }
      const frame = frameOf(request, parts)
      return { request, params: namesInPath(request), texts, frame, change: formChangeOf(request, { texts, ...frame }) }
    }
    const answer = async (call: ActionCall, reply: FastifyReply) =>
      sendUiPage(reply, { page: questionPage(await ask({ ...call, change: { ...call.change, dryRun: true } }), call), frame: call.frame })

    app.route({
      method: ['GET', 'HEAD'],
      url,
      config: { action: 'container:read', describes: undescribed },
      handler(request, reply) {
        const { id } = request.params as { id?: string }
        request.permit(id === undefined ? [] : [id], action)
        return answer(callOf(request, {}), reply)
      }
    })
    app.route({
      method: 'POST',
      url,
      config: { action, describes: undescribed },
      async handler(request, reply) {
        const form = await readBody(request.raw, { ...parts.bounds, limit: formLimit ?? parts.bounds.limit })
        const fields = parseUrlEncoded(form.toString('latin1'))
        const call = callOf(request, Object.fromEntries(Object.entries(fields).filter(([, value]) => value)) as ActionCall['texts'])
        if (fields['confirm'] !== 'yes') return answer(call, reply)
        const { to, done } = await act(call)
        return reply.redirect(`${to}?done=${done}`, 303)
      }
    })
  }

type FormTexts = Pick<ActionCall, 'texts'> & Pick<PageFrame, 'publicUrl'>

/** Who changes something, why, and what they saw before. */
export function formChangeOf(request: FastifyRequest, { texts: { seen, reason }, publicUrl }: FormTexts): ChangeContext {
  return {
    publicUrl,
    cause: { ...causeOf(request), reason: reason === undefined ? null : maskSecrets(reason).slice(0, longestReason) },
    precondition: seen === undefined ? undefined : seen === nothing ? { absent: true } : { revisions: [seen] }
  }
}

const nothing = 'nothing'

/** A revision that a page saw, as its form carries it. */
export const seenRevision = (revision: string | null | undefined): string => revision || nothing
