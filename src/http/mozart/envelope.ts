import type { FastifyReply } from 'fastify'
import type { Warning } from '../../domain/container/posted-urls.ts'
import { inPythonStyle, pythonObject, pythonString, pythonStyle } from '../../domain/json/json.ts'

interface MozartAnswer {
  success: boolean
  message: string
  /** JSON text; undefined if Mozart's model has no such member. */
  result: string | undefined
  /** What the client should know beyond what Mozart would say; nobody reads it who does not look for it. */
  warnings?: readonly Warning[]
}

/** Sends Mozart's envelope as Python's `json.dumps` writes it. A serializer keeps Fastify from adding a charset; one string is one write. */
export function sendAnswer(reply: FastifyReply, answer: MozartAnswer): FastifyReply {
  const mask = reply.request.headers['x-fields']
  const text = mask === undefined ? envelope(answer) : masked(answer, String(mask))
  return reply.serializer(asItIs).header('content-type', 'application/json').send(`${text}\n`)
}

const asItIs = (text: unknown) => text as string

function envelope({ success, message, result, warnings = [] }: MozartAnswer): string {
  const head = `{"success": ${success}, "message": ${message === '' ? '""' : pythonString(message)}`
  const tail = warnings.length === 0 ? '}' : `, "warnings": ${pythonStyle(JSON.stringify(warnings))}}`
  return result === undefined ? `${head}${tail}` : `${head}, "result": ${result}${tail}`
}

/** Whether X-Fields, flask-restx's mask, includes a member; `*` means all. */
export function shows(mask: string | undefined, member: string): boolean {
  if (mask === undefined) return true
  const names = mask.replaceAll(/[{}\s]/g, '').split(',')
  return names.includes(member) || names.includes('*')
}

function masked({ success, message, result }: MozartAnswer, mask: string): string {
  const members: [string, string | undefined][] = [
    ['success', String(success)],
    ['message', pythonString(message)],
    ['result', result]
  ]
  return pythonObject(members.filter((member): member is [string, string] => member[1] !== undefined && shows(mask, member[0])))
}

/** Documents that were sent recently: checking one against Python's style costs more than everything else that `info` does. */
const recent = new Map<string, string>()
const recentDocuments = 1000
const recentLength = 4096

/** A stored document as Mozart would write it, with its digits and order. A document that we cannot parse is returned unchanged. */
export function restyled(document: string): string {
  const known = recent.get(document)
  if (known !== undefined) return known
  const text = inPythonStyle(document)
  if (document.length > recentLength) return text
  if (recent.size >= recentDocuments) recent.clear()
  recent.set(document, text)
  return text
}
