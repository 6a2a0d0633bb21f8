import { readdirSync, readFileSync } from 'node:fs'
import { Ajv, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv'
import { CatalogueError, type ErrorCode } from '../../domain/errors.ts'
import type { Schemas } from '../../schemas.ts'
import { explainErrors, type SchemaProblem } from './schema-errors.ts'

export type SchemaName = keyof Schemas

/** Installed next to build/. */
const folder = new URL('../../../../schemas/', import.meta.url)

let compiler: Ajv | undefined

/** Reads the schemas at the first request that needs one; each is compiled when it is first used. */
function theCompiler(): Ajv {
  if (compiler) return compiler
  compiler = new Ajv({
    allErrors: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    verbose: true,
    multipleOfPrecision: 6,
    formats: { 'date-time': isMoment, binary: true }
  })
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.json') && path !== 'config.json') compiler.addSchema(JSON.parse(readFileSync(new URL(path, folder), 'utf8')))
  }
  return compiler
}

const isMoment = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))

const validatorOf = (schema: SchemaName) => theCompiler().getSchema(schema) as ValidateFunction

/** The most problems that a refusal lists. */
const maxProblems = 20

/** Returns the value if it is valid. Throws parameter_invalid, or parameter_missing for an empty object that lacks a member: the first problem in the message, up to 20 in `errors`. */
export function checkShape<Name extends SchemaName>(value: unknown, { schema, part }: { schema: Name; part: string }): Schemas[Name] {
  const validate = validatorOf(schema)
  if (validate(value)) return value as Schemas[Name]
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0
  const isMissing = isEmpty && validate.errors!.every(({ keyword }) => keyword === 'required')
  refuseShape(part, explained(validate.errors!), isMissing ? 'parameter_missing' : 'parameter_invalid')
}

const explained = (errors: readonly ErrorObject[]) => explainErrors(errors, (branch) => theCompiler().compile(branch))

export function refuseShape(part: string, problems: readonly SchemaProblem[], code: ErrorCode = 'parameter_invalid'): never {
  const [first] = problems
  const more = problems.length > 1 ? `; and ${problems.length - 1} more` : ''
  throw new CatalogueError(code, `${part}: ${first!.path} ${first!.message}${more}`, {
    details: { errors: problems.slice(0, maxProblems) }
  })
}

interface TextsToRead<Name extends SchemaName> {
  /** Undefined: no name is known. */
  schema: Name | undefined
  /** `query`, `path` or `headers`, for messages. */
  part: string
  /** Problems that the schema does not know of. */
  problems?: readonly SchemaProblem[]
  /** What to say about a name that people guess. */
  hints?: Readonly<Record<string, string>> | undefined
}

/** Returns parameters as their schema types them, with its defaults. Throws parameter_invalid, or parameter_missing when that is all. */
export function readTexts<Name extends SchemaName>(
  texts: Readonly<Record<string, unknown>>,
  { schema, part, problems = [], hints }: TextsToRead<Name>
): Schemas[Name] {
  if (schema === undefined) {
    const errors = [...Object.keys(texts).map((path) => ({ path, message: 'is unknown; no parameter is expected here' })), ...problems]
    if (errors.length > 0) refuseShape(part, withHints(errors, hints))
    return {} as Schemas[Name]
  }
  const validate = validatorOf(schema)
  const values = coerced(texts, (validate.schema as AnySchemaObject)['properties'])
  const valid = validate(values)
  if (valid && problems.length === 0) return values as unknown as Schemas[Name]
  const errors = validate.errors ?? []
  // a misspelt name tells more than that the right one is missing
  const unknownFirst = [...errors].sort((a, b) => Number(isUnknownName(b)) - Number(isUnknownName(a)))
  const isMissing = errors[0]?.keyword === 'required' && unknownFirst[0] === errors[0]
  refuseShape(part, withHints([...explained(unknownFirst), ...problems], hints), isMissing ? 'parameter_missing' : 'parameter_invalid')
}

/** The headers that a schema names, in whatever case. Throws as readTexts does. */
export function readHeaders<Name extends SchemaName>(headers: Readonly<Record<string, unknown>>, schema: Name): Schemas[Name] {
  const names = Object.keys((validatorOf(schema).schema as AnySchemaObject)['properties'])
  const texts = names.map((name) => [name, headers[name.toLowerCase()]]).filter(([, value]) => value !== undefined)
  return readTexts(Object.fromEntries(texts), { schema, part: 'headers' })
}

const isUnknownName = ({ keyword }: ErrorObject): boolean => keyword === 'additionalProperties'

const withHints = (problems: readonly SchemaProblem[], hints: TextsToRead<SchemaName>['hints']): SchemaProblem[] =>
  problems.map(({ path, message }) => {
    const hint = hints && Object.hasOwn(hints, path) ? hints[path] : undefined
    return { path, message: hint ? `${message}; ${hint}` : message }
  })

type Properties = Readonly<Record<string, { type?: string; default?: unknown }>>

function coerced(texts: Readonly<Record<string, unknown>>, properties: Properties): Record<string, unknown> {
  const values: Record<string, unknown> = Object.assign(Object.create(null), texts)
  for (const [name, property] of Object.entries(properties)) {
    const value = texts[name]
    if (value === undefined) {
      if (property.default !== undefined) values[name] = property.default
    } else values[name] = typedValue(value, property.type)
  }
  return values
}

function typedValue(text: unknown, type: string | undefined): unknown {
  if (typeof text !== 'string') return text
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return (type === 'integer' || type === 'number') && /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : text
}
