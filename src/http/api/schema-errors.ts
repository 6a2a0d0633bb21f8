import type { AnySchemaObject, ErrorObject, ValidateFunction } from 'ajv'
import { controlIn } from '../../domain/container/posted-urls.ts'
import { nearest } from '../../domain/nearest.ts'
import { maskedStart, maskSecrets } from '../../domain/secrets.ts'

export interface SchemaProblem {
  /** Such as `images.arm64.url`; a name with a dot or slash in it stands in brackets. */
  path: string
  message: string
}

type Compile = (schema: AnySchemaObject) => ValidateFunction

/** The problems of a value, each once; where a schema has several branches, only those of the nearest one (docs/decisions/0017). */
export function explainErrors(errors: readonly ErrorObject[], compile: Compile): SchemaProblem[] {
  const plain = ofNearest(errors, compile).map(toProblem)
  return [...new Map(plain.map((error) => [`${error.path} ${error.message}`, error])).values()]
}

const keyOf = ({ instancePath, keyword, params }: ErrorObject): string => `${instancePath} ${keyword} ${JSON.stringify(params)}`

/**
 * Ajv reports the errors of every branch of an anyOf, and the anyOf after them; so from the end, an outer one comes before those in it. Each
 * error is looked at once: there are thousands when every item of a batch is wrong.
 */
function ofNearest(errors: readonly ErrorObject[], compile: Compile): ErrorObject[] {
  const ofBranches = new Set<string>()
  const told = new Map<ErrorObject, readonly ErrorObject[]>()
  for (const choice of errors.filter(({ keyword }) => keyword === 'anyOf').reverse()) {
    if (ofBranches.has(keyOf(choice))) continue
    const branches = (choice.schema as AnySchemaObject[]).map((branch) => errorsOf(branch, { at: choice, compile }))
    for (const error of branches.flat()) ofBranches.add(keyOf(error))
    told.set(choice, nearestOf(branches, { choice, compile }))
  }
  return errors.flatMap((error) => told.get(error) ?? (ofBranches.has(keyOf(error)) ? [] : [error]))
}

function nearestOf(branches: ErrorObject[][], { choice, compile }: { choice: ErrorObject; compile: Compile }): ErrorObject[] {
  const words = wordsOf(branches)
  if (words.length > 1) {
    const allowedValues = [...new Set(words.map(({ params }) => params['allowedValue']))]
    return [{ ...words[0]!, keyword: 'enum', params: { allowedValues } }]
  }
  const far = branches.map((branch) => distance(branch, choice.instancePath))
  const candidates = branches.filter((_, i) => far[i] === Math.min(...far))
  const missing = missingIn(candidates)
  return candidates.length > 1 && missing ? [{ ...choice, params: { missing } }] : ofNearest(candidates[0]!, compile)
}

function errorsOf(branch: AnySchemaObject, { at, compile }: { at: ErrorObject; compile: Compile }): ErrorObject[] {
  const validate = compile(branch)
  validate(at.data)
  return (validate.errors ?? []).map((error) => ({ ...error, instancePath: at.instancePath + error.instancePath }))
}

/** A branch of another type, or with another constant, is not the one that was meant. */
const distance = (errors: readonly ErrorObject[], at: string): number =>
  errors.reduce((sum, { keyword, instancePath }) => {
    const otherKind = keyword === 'const' || (keyword === 'type' && instancePath === at)
    return sum + (otherKind ? 100 : 1)
  }, 0)

/** The constants of the branches, where each has one at the same place and the value has none of them: no branch is nearer than another. */
function wordsOf(branches: readonly (readonly ErrorObject[])[]): ErrorObject[] {
  const words = branches.flatMap((branch) => branch.find(({ keyword }) => keyword === 'const') ?? [])
  return words.length === branches.length && words.every(({ instancePath }) => instancePath === words[0]!.instancePath) ? words : []
}

/** The names that the branches require, when nothing else is wrong. */
function missingIn(branches: readonly (readonly ErrorObject[])[]): string[] | undefined {
  const errors = branches.flat()
  return errors.every(({ keyword }) => keyword === 'required') ? errors.map(({ params }) => params['missingProperty']) : undefined
}

function pathOf(instancePath: string, name?: string): string {
  const parts = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const path = [...parts, ...(name === undefined ? [] : [name])]
    .map((part) => part.slice(0, 100))
    .map((part, i) => {
      if (/^\d+$/.test(part)) return `[${part}]`
      return /^[\w-]+$/.test(part) ? `${i === 0 ? '' : '.'}${part}` : `[${JSON.stringify(part)}]`
    })
    .join('')
  return path || 'the body'
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 100 ? `${maskedStart(text, 100)}…` : maskSecrets(text)
}

/** What is wrong with a name that nothing here has. */
function unknownName(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'is unknown; nothing is expected here'
  const near = nearest(name, known)
  return `is unknown; ${near ? `did you mean ${near}? ` : ''}expected ${known.join(', ')}`
}

/** `a`, or `one of a, b`. */
export const oneOf = (words: readonly string[]): string => (words.length === 1 ? words[0]! : `one of ${words.join(', ')}`)

function toProblem({ instancePath, keyword, params, data, message, parentSchema = {}, propertyName }: ErrorObject): SchemaProblem {
  // a wrong name is a problem of the member that has it
  const path = pathOf(instancePath, propertyName)
  const given = propertyName === undefined ? shown(data) : 'a name'
  switch (keyword) {
    case 'additionalProperties': {
      const name: string = params['additionalProperty']
      return { path: pathOf(instancePath, name), message: unknownName(name, Object.keys(parentSchema['properties'] ?? {})) }
    }
    case 'required':
      return { path: pathOf(instancePath, params['missingProperty']), message: missing(parentSchema, params['missingProperty']) }
    case 'type':
    case 'minimum':
    case 'maximum':
      return { path, message: `is ${given}; expected ${typeWords([params['type'] ?? parentSchema['type']].flat(), parentSchema)}` }
    case 'minLength':
    case 'maxLength': {
      const { minLength = 0, maxLength } = parentSchema
      return { path, message: `has ${String(data).length} characters; expected ${maxLength ? `${minLength} to ${maxLength}` : 'more'}` }
    }
    case 'enum':
      return { path, message: `is ${given}; expected ${oneOf(params['allowedValues'].map(String))}` }
    case 'const':
      return { path, message: `is ${given}; expected ${params['allowedValue']}` }
    case 'propertyNames':
      return { path: pathOf(instancePath, params['propertyName']), message: 'is not a valid name here' }
    case 'pattern':
      return { path, message: wrongText(given, { data: String(data), pattern: params['pattern'], schema: parentSchema }) }
    case 'minProperties':
      return { path, message: `is ${given}; expected at least ${params['limit']} member${params['limit'] === 1 ? '' : 's'}` }
    case 'anyOf': {
      const [first, ...others] = params['missing'] as string[]
      return { path: pathOf(instancePath, first), message: `is missing, or ${others.join(' or ')}` }
    }
    case 'not':
      return { path, message: `is ${given}, which is not allowed` }
    default:
      return { path, message: `is ${given}; it ${message}` }
  }
}

/** A type in words, with the bounds of a number. */
function typeWords(types: readonly string[], { minimum, maximum }: AnySchemaObject): string {
  const range = minimum === undefined || maximum === undefined ? '' : ` from ${minimum} to ${maximum}`
  const words = types.map((type) => {
    if (type === 'integer' || type === 'number') return `a ${type === 'integer' ? 'whole ' : ''}number${range}`
    return type === 'boolean' ? 'true or false' : type
  })
  return words.join(' or ')
}

/** A pattern is explained by the beginning of its description, and by examples. */
function expectedText({ title, description = title, examples }: AnySchemaObject): string {
  const [thing = ''] = /^[^.:;]+/.exec(description ?? '') ?? []
  const example = examples?.length ? `such as ${examples[0]}` : ''
  return [thing.charAt(0).toLowerCase() + thing.slice(1), example].filter(Boolean).join(', ')
}

function missing(schema: AnySchemaObject, name: string): string {
  const { enum: words, ...property } = schema['properties']?.[name] ?? {}
  const expected = words ? oneOf(words) : expectedText(property)
  return expected ? `is missing; expected ${expected}` : 'is missing'
}

/** Words between commas have a pattern that names them all. */
function wrongText(given: string, { data, pattern, schema }: { data: string; pattern: string; schema: AnySchemaObject }): string {
  const control = controlIn(data)
  if (control !== undefined && pattern.startsWith('^[^\\u0000')) return control
  const [, list] = /\(([\w|-]+)\)\(,(?: \*)?\(\1\)\)\*/.exec(pattern) ?? []
  if (list === undefined) return `is ${given}; expected ${expectedText(schema) || `what matches ${pattern}`}`
  const words = list.split('|')
  const wrong = data.split(/, */).find((word) => !words.includes(word))
  return `has ${shown(wrong)}; expected some of ${words.join(', ')}`
}
