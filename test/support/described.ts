import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DescribedAnswer } from '../../src/http/shared/describes.ts'
import { projectFolder } from './project.ts'

const compiler = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true, validateFormats: false })
const folder = join(projectFolder, 'schemas')
for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (path.endsWith('.json') && path !== 'config.json') compiler.addSchema(JSON.parse(readFileSync(join(folder, path), 'utf8')))
}

/** What refuses a path or a method has no route that could describe it. */
const unmatched: DescribedAnswer = { description: '', content: { 'application/problem+json': { schema: { $ref: 'problem.json#' } } } }

/**
 * Looks at every answer of /api/v1 as the server sends it, and tells what openapi.yaml does not say of it: its status, its media type, its
 * shape. So whatever a test asks for, it also tests the description.
 */
export function watchAnswers(app: FastifyInstance, tell: (fault: string) => void): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const fault = request.url.startsWith('/api/v1') ? faultOf({ request, reply, payload }) : undefined
    if (fault) tell(`${request.method} ${request.url} answered ${reply.statusCode}, ${fault}`)
    return payload
  })
}

function faultOf({ request, reply, payload }: { request: FastifyRequest; reply: FastifyReply; payload: unknown }): string | undefined {
  // a fault of ours, which nothing describes: tests that provoke one look for themselves
  if (reply.statusCode === 500) return undefined
  const { url, config } = request.routeOptions
  const describes = config?.describes
  if (url !== undefined && !describes) return 'and its route is not described'
  const answer = describes ? describes.response?.[reply.statusCode] : unmatched
  if (!answer) return `which is not among ${Object.keys(describes?.response ?? {}).join(', ')}`

  if (request.method === 'HEAD') return undefined
  const type = String(reply.getHeader('content-type') ?? '').split(';', 1)[0]!
  const empty = payload === undefined || payload === null || payload === '' || (payload instanceof Buffer && payload.length === 0)
  if (empty) return undefined
  const content = answer.content?.[type]
  if (!content) return `as ${type || 'no type'}, which is not among ${Object.keys(answer.content ?? {}).join(', ') || 'none'}`
  if (!/[/+]json$/.test(type) || !('$ref' in content.schema)) return undefined
  return shapeFault(JSON.parse(String(payload)), content.schema.$ref)
}

function shapeFault(value: unknown, ref: string): string | undefined {
  const validate = compiler.getSchema(ref.replace(/#$/, '')) as ValidateFunction
  if (validate(value)) return undefined
  return `which is no ${ref}: ${compiler.errorsText(validate.errors)}; it is ${JSON.stringify(value).slice(0, 1000)}`
}
