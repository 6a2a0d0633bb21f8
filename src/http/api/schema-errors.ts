import type { AnySchemaObject, ErrorObject, ValidateFunction } from 'ajv'
import { maskedStart, maskSecrets } from '../../domain/secrets.ts'

export interface PlainError {
  /** `images.arm64.url`, for people; a name with a dot or slash in brackets. */
  path: string
  message: string
}

type Compile = (schema: AnySchemaObject) => ValidateFunction

/** What is wrong with a value, each thing once. Of forms that it could have, only what the nearest one says. */
export function explainErrors(errors: readonly ErrorObject[], compile: Compile): PlainError[] {
  const plain = nearest(errors, compile).map(toError)
  return [...new Map(plain.map((error) => [`${error.path} ${error.message}`, error])).values()]
}

const keyOf = ({ instancePath, keyword, params }: ErrorObject): string => `${instancePath} ${keyword} ${JSON.stringify(params)}`

/**
 * Ajv tells what is wrong with every branch of an anyOf: a url that is missing also as one that is not null, nor any other form. A choice
 * stands behind the errors of its branches, so that an outer one is met first from the end. Each error is looked at once: there are thousands
 * where every item of a batch is wrong.
 */
function nearest(errors: readonly ErrorObject[], compile: Compile): ErrorObject[] {
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
  return candidates.length > 1 && missing ? [{ ...choice, params: { missing } }] : nearest(candidates[0]!, compile)
}

function errorsOf(branch: AnySchemaObject, { at, compile }: { at: ErrorObject; compile: Compile }): ErrorObject[] {
  const validate = compile(branch)
  validate(at.data)
  return (validate.errors ?? []).map((error) => ({ ...error, instancePath: at.instancePath + error.instancePath }))
}

/** A form of another kind, or with another word where a constant stands, is not the one that was meant. */
const distance = (errors: readonly ErrorObject[], at: string): number =>
  errors.reduce((sum, { keyword, instancePath }) => {
    const otherKind = keyword === 'const' || (keyword === 'type' && instancePath === at)
    return sum + (otherKind ? 100 : 1)
  }, 0)

/** Where each form has a word of its own, and it is none of them: nothing else tells which form was meant. */
function wordsOf(branches: readonly (readonly ErrorObject[])[]): ErrorObject[] {
  const words = branches.flatMap((branch) => branch.find(({ keyword }) => keyword === 'const') ?? [])
  return words.length === branches.length && words.every(({ instancePath }) => instancePath === words[0]!.instancePath) ? words : []
}

/** The names that any of the forms lacks, when that is all that they lack. */
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

function toError({ instancePath, keyword, params, data, message, parentSchema, propertyName }: ErrorObject): PlainError {
  // what is wrong with a member's name stands at the member
  const path = pathOf(instancePath, propertyName)
  const given = propertyName === undefined ? shown(data) : 'a name'
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
      return { path, message: `is ${given}; expected ${[params['type']].flat().join(' or ')}` }
    case 'enum':
      return { path, message: `is ${given}; expected ${params['allowedValues'].join(', ')}` }
    case 'const':
      return { path, message: `is ${given}; expected ${params['allowedValue']}` }
    case 'propertyNames':
      return { path: pathOf(instancePath, params['propertyName']), message: 'is no name for what stands there' }
    case 'pattern': {
      const { title, description, examples } = (parentSchema ?? {}) as { title?: string; description?: string; examples?: unknown[] }
      const expected = [description, examples?.length ? `such as ${examples.join(', ')}` : ''].filter(Boolean).join(' ')
      return { path, message: `is ${given}; expected ${expected || title || `what fits ${params['pattern']}`}` }
    }
    case 'minProperties':
      return { path, message: `is ${given}; expected at least ${params['limit']} member${params['limit'] === 1 ? '' : 's'}` }
    case 'anyOf': {
      const [first, ...others] = params['missing'] as string[]
      return { path: pathOf(instancePath, first), message: `is missing, or ${others.join(' or ')}` }
    }
    case 'not':
      return { path, message: `is ${given}, which cannot be` }
    default:
      return { path, message: `is ${given}; it ${message}` }
  }
}
