import type { Specs } from '../../catalogue/containers/specs.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { pythonString } from '../../domain/json/json.ts'
import { isLarge, type LargeTexts } from '../shared/large-texts.ts'
import { restyled, sendAnswer } from './envelope.ts'
import { sendList } from './list.ts'
import { idIn, type MozartHandler } from './parameters.ts'

/** Job specs and hysds-ios: the same routes with other messages. */
export function specHandlers(specs: Specs, largeTexts: Pick<LargeTexts, 'run'>) {
  return {
    list: ({ reply }) => sendList(reply, specs.ids()),

    async add({ request, reply, parameters, words }) {
      const specification = parameters.get('spec')
      if (specification === undefined) throw parameters.missing(words.missing)
      const id = await specs.add(specification, { permit: (id) => request.permit([id]) })
      request.about = id
      return sendAnswer(reply, { success: true, message: words.added(id), result: pythonString(id) })
    },

    async info(call) {
      const { reply, words } = call
      const id = idIn(call, words.noId)
      const document = await specs.get(id)
      if (document === undefined) throw new CatalogueError('spec_unknown', words.unknown(id))
      const result = isLarge(document, 'pythonStyle') ? await largeTexts.run('pythonStyle', document) : restyled(document)
      return sendAnswer(reply, { success: true, message: words.found(id), result })
    },

    async remove(call) {
      const { request, reply, words } = call
      const id = idIn(call, words.removeNoId)
      request.permit([id])
      if (!(await specs.remove(id))) throw new CatalogueError('spec_unknown', words.removeUnknown(id))
      return sendAnswer(reply, { success: true, message: words.removed(id), result: words.removedResult(id) })
    }
  } satisfies Record<string, MozartHandler>
}
