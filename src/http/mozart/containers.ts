import type { FastifyReply } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Warning } from '../../domain/container/posted-urls.ts'
import type { Resolution } from '../../domain/container/resolution.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { pythonObject, pythonString, readJson } from '../../domain/json/json.ts'
import { causeOf } from '../shared/cause.ts'
import { explain } from '../shared/errors.ts'
import { restyled, sendAnswer } from './envelope.ts'
import { sendList } from './list.ts'
import { flag, idIn, type MozartCall, type MozartHandler, type MozartParameters, optionalFlag } from './parameters.ts'

/** Shorter than clients and proxies wait for an answer. */
const longestWaitMs = 50_000

export function containerHandlers({ containers, holders }: Pick<Catalogue, 'containers' | 'holders'>, publicUrl: () => string) {
  return {
    list: ({ reply }) => sendList(reply, containers.ids()),

    async add({ request, reply, parameters, words }) {
      const registration = readRegistration(parameters, words.missing)
      request.about = registration.id
      request.permit([registration.id])
      const warnings: Warning[] = []
      const { id } = await containers.add(registration, {
        publicUrl: publicUrl(),
        merge: optionalFlag(parameters, 'merge'),
        warn: (warning) => void warnings.push(warning),
        cause: causeOf(request),
        ...waiting(parameters)
      })
      return sendAnswer(reply, { success: true, message: words.added(id), result: pythonString(id), warnings })
    },

    async info(call) {
      const { reply, parameters, words } = call
      const id = idIn(call, words.noId)
      if (parameters.get('arch') === undefined) {
        const document = await containers.info(id)
        if (document === undefined) throw new CatalogueError('container_unknown', words.unknown(id))
        return sendAnswer(reply, { success: true, message: words.found(id), result: restyled(document) })
      }
      const force = flag(parameters, 'force')
      // an image that is gone is reported in the record, and is no reason to refuse it
      const { document, resolution } = await containers.resolve(id, readArchitecture(parameters), { force, evenGone: true })
      return sendAnswer(reply, { success: true, message: words.found(id), result: withResolution(document, resolution) })
    },

    async resolve(call) {
      const { reply, parameters, words } = call
      const asText = wantsText(call)
      try {
        const id = idIn(call, words.noId)
        const force = flag(parameters, 'force')
        const { resolution } = await containers.resolve(id, readArchitecture(parameters), { force })
        if (asText) return sendText(reply, resolution.url)
        return sendAnswer(reply, { success: true, message: '', result: toJson(resolution) })
      } catch (error) {
        const { status, message, headers } = explain(error)
        if (!asText || status === 500) throw error
        return sendText(reply.code(status).headers(headers), message)
      }
    },

    async remove(call) {
      const { request, reply, parameters, words } = call
      const id = idIn(call, words.removeNoId)
      request.permit([id])
      if (!flag(parameters, 'force')) await holders.checkUnnamed(id)
      if (!(await containers.remove(id, { cause: causeOf(request) })))
        throw new CatalogueError('container_unknown', words.removeUnknown(id))
      return sendAnswer(reply, { success: true, message: words.removed(id), result: words.removedResult(id) })
    }
  } satisfies Record<string, MozartHandler>
}

/** `verify=wait`: the answer waits for the verdict, so that a builder can fail at once when its image is wrong. */
function waiting(parameters: MozartParameters): { verifyMs?: number } {
  const verify = parameters.get('verify')
  if (verify === undefined) return {}
  if (verify === 'wait') return { verifyMs: longestWaitMs }
  throw new CatalogueError('parameter_invalid', `verify is ${JSON.stringify(verify.slice(0, 60))}; expected wait`)
}

/** `url` may be empty if `urls` is not: a container without an amd64 image. */
function readRegistration(parameters: MozartParameters, words: string) {
  const [id, version, digest] = [parameters.get('name'), parameters.get('version'), parameters.get('digest')]
  const [url, urls] = [parameters.get('url') ?? '', parameters.get('urls') ?? '']
  if (!id || !version || !digest || (url === '' && urls === '')) throw parameters.missing(words)
  return { id, version, digest, url, urls }
}

function readArchitecture(parameters: MozartParameters): string {
  const architecture = parameters.get('arch')
  if (architecture) return architecture
  throw parameters.missing('arch must be supplied: the architecture of a machine, such as x86_64, aarch64, amd64 or arm64')
}

/** For shell scripts: `curl -H 'Accept: text/plain'` or `&format=text`. */
function wantsText({ request, parameters }: MozartCall): boolean {
  const format = parameters.get('format')
  if (format === 'text' || format === 'json') return format === 'text'
  if (format !== undefined) {
    throw new CatalogueError('parameter_invalid', `format is ${JSON.stringify(format.slice(0, 60))}; expected text or json`)
  }
  return /^\s*text\/plain\s*(?:[,;]|$)/i.test(request.headers.accept ?? '')
}

const sendText = (reply: FastifyReply, text: string) => reply.header('content-type', 'text/plain; charset=utf-8').send(`${text}\n`)

function toJson({ architecture, requested, url, source, verdict, status }: Resolution): string {
  return pythonObject([
    ['architecture', architecture === null ? 'null' : pythonString(architecture)],
    ['requested', pythonString(requested)],
    ['url', pythonString(url)],
    ['source', pythonString(source)],
    ['verdict', pythonString(verdict)],
    ...(status === undefined ? [] : [['status', pythonString(status)] as const])
  ])
}

/** The document for one machine: its image as `url`, and how it was found as `resolved`. */
function withResolution(document: string, resolution: Resolution): string {
  const { members } = readJson(document)
  members.delete('resolved')
  return pythonObject(members.set('url', pythonString(resolution.url)).set('resolved', toJson(resolution)))
}
