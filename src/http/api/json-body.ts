import { readdirSync, readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { Schemas } from '../../schemas.ts'
import { type BodyBounds, readBody } from '../shared/body.ts'

/** Stands beside build/ wherever the program is installed. */
const folder = new URL('../../../../schemas/', import.meta.url)

let compiler: Ajv | undefined

function validatorOf(name: keyof Schemas): ValidateFunction {
  if (!compiler) {
    compiler = new Ajv({
      allErrors: true,
      strict: true,
      strictRequired: false,
      allowUnionTypes: true,
      verbose: true,
      formats: { 'date-time': isMoment }
    })
    const names = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'config.json')
    for (const file of names) compiler.addSchema(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
  }
  return compiler.getSchema(name)!
}

const isMoment = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))

/** At most so many of the things that are wrong are told. */
const maxErrors = 20

/** The body as its schema says, read and checked. Throws json_invalid, parameter_invalid with every path and what was expected there. */
export async function jsonBody<Name extends keyof Schemas>(
  request: FastifyRequest,
  { schema, bounds }: { schema: Name; bounds: BodyBounds }
): Promise<Schemas[Name]> {
  const value = parse((await readBody(request.raw, bounds)).toString())
  const validate = validatorOf(schema)
  if (validate(value)) return value as Schemas[Name]
  const errors = [...new Map(validate.errors!.map((error) => [error.instancePath + error.message, toError(error)])).values()]
  const [first] = errors
  const more = errors.length > 1 ? `; and ${errors.length - 1} more` : ''
  throw new CatalogueError('parameter_invalid', `body: ${first!.path} ${first!.message}${more}`, {
    details: { errors: errors.slice(0, maxErrors) }
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CatalogueError('json_invalid', `the body is not JSON: ${maskSecrets((error as Error).message)}`)
  }
}

/** `images.arm64.url`, for people; a name with a dot or slash in brackets. */
function pathOf(instancePath: string, name?: string): string {
  const parts = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const path = [...parts, ...(name === undefined ? [] : [name])]
    .map((part) => part.slice(0, 100))
    .map((part, i) => (/^[\w-]+$/.test(part) ? `${i === 0 ? '' : '.'}${part}` : `[${JSON.stringify(part)}]`))
    .join('')
  return path || 'the body'
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing'
  return maskSecrets(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

function toError({ instancePath, keyword, params, data, message, parentSchema }: ErrorObject): { path: string; message: string } {
  const path = pathOf(instancePath)
  switch (keyword) {
    case 'additionalProperties': {
      const known = Object.keys((parentSchema as { properties?: object }).properties ?? {})
      return {
        path: pathOf(instancePath, params['additionalProperty']),
        message: `is not known here; ${known.join(', ') || 'nothing'} would be`
      }
    }
    case 'required':
      return { path: pathOf(instancePath, params['missingProperty']), message: 'is missing' }
    case 'type':
      return { path, message: `is ${shown(data)}; expected ${[params['type']].flat().join(' or ')}` }
    case 'enum':
      return { path, message: `is ${shown(data)}; expected ${params['allowedValues'].join(', ')}` }
    default:
      return { path, message: `is ${shown(data)}; it ${message}` }
  }
}
