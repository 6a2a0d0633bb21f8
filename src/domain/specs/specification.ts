import { CatalogueError } from '../errors.ts'
import { JsonError, readJson, stringOf } from '../json/json.ts'
import { checkJsonBounds } from '../json/json-bounds.ts'
import { checkId, checkLength } from '../limits.ts'

/** A job specification, or a hysds-io, as it is stored: its own id, and its text in Python's style. */
export interface Specification {
  id: string
  text: string
}

/** What `json.loads(spec)["id"]` says in Python 3.12 of anything but an object: Mozart answers with these words. */
const pythonWords = {
  array: 'list indices must be integers or slices, not str',
  string: "string indices must be integers, not 'str'",
  boolean: "'bool' object is not subscriptable",
  null: "'NoneType' object is not subscriptable"
}

/** Throws parameter_invalid, json_invalid, id_invalid, document_refused. */
export function readSpecification(specification: string): Specification {
  checkLength('specification', specification, 'spec')
  const { kind, text, members } = parse(specification)
  if (kind === 'number') throw new CatalogueError('json_invalid', `'${/[.eE]/.test(text) ? 'float' : 'int'}' object is not subscriptable`)
  if (kind !== 'object') throw new CatalogueError('json_invalid', pythonWords[kind])
  const idText = members.get('id')
  if (idText === undefined) throw new CatalogueError('json_invalid', "'id'")
  const id = stringOf(idText)
  if (id === undefined) {
    throw new CatalogueError('id_invalid', `the specification's "id" is ${idText.slice(0, 60)}; expected a string`)
  }
  if (members.has('')) {
    const message = 'the specification has a field with an empty name, which no engine can index; give it a name'
    throw new CatalogueError('document_refused', message)
  }
  return { id: checkId(id, 'the specification\'s "id"'), text }
}

function parse(specification: string) {
  checkJsonBounds(specification, { what: 'the specification' })
  try {
    return readJson(specification)
  } catch (error) {
    if (error instanceof JsonError) throw new CatalogueError('json_invalid', error.message, { cause: error })
    throw error
  }
}
