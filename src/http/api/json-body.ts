import { readdirSync, readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import type { FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import type { Schemas } from '../../schemas.ts'
import { type BodyBounds, readBody } from '../shared/body.ts'
import { explainErrors } from './schema-errors.ts'

/** Stands beside build/ wherever the program is installed. */
const folder = new URL('../../../../schemas/', import.meta.url)

let compiler: Ajv | undefined

function theCompiler(): Ajv {
  if (!compiler) {
    compiler = new Ajv({
      allErrors: true,
      strict: true,
      strictRequired: false,
      allowUnionTypes: true,
      verbose: true,
      formats: { 'date-time': isMoment, binary: true }
    })
    const names = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'config.json')
    for (const file of names) compiler.addSchema(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
  }
  return compiler
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
  const validate = theCompiler().getSchema(schema) as ValidateFunction
  if (validate(value)) return value as Schemas[Name]
  const errors = explainErrors(validate.errors!, (branch) => theCompiler().compile(branch))
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
