import { CatalogueError } from '../../domain/errors.ts'
import { JsonError, readJson, stringOf } from '../../domain/json/json.ts'
import { checkId, checkLength } from '../../domain/limits.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** Job specifications, or hysds-ios: documents of HySDS that are stored unjudged. */
export interface Specs {
  /** Stores a specification under the id that it holds, and returns that id. Throws json_invalid, id_invalid, document_refused, and what `permit` throws. */
  add(specification: string, options: { permit(id: string): void }): Promise<string>
  get(id: string): Promise<string | undefined>
  remove(id: string): Promise<boolean>
  ids(): AsyncIterable<string[]>
}

export interface SpecsOptions {
  /** Returns what is stored instead of a valid specification. */
  prepared?: ((specification: string) => Promise<string>) | undefined
}

export function createSpecs(store: DocumentStore, { prepared = async (text) => text }: SpecsOptions = {}): Specs {
  return {
    async add(specification, { permit }) {
      checkLength('specification', specification, 'spec')
      const { id, text } = readSpecification(specification)
      permit(id)
      await store.put(id, await prepared(text))
      return id
    },

    async get(id) {
      return (await store.get(id))?.document
    },

    remove: (id) => store.remove(id),

    ids: () => store.ids()
  }
}

/** What `json.loads(spec)["id"]` says in Python 3.12 of anything but an object: Mozart answers with these words. */
const pythonWords = {
  array: 'list indices must be integers or slices, not str',
  string: "string indices must be integers, not 'str'",
  boolean: "'bool' object is not subscriptable",
  null: "'NoneType' object is not subscriptable"
}

function readSpecification(specification: string): { id: string; text: string } {
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
    throw new CatalogueError(
      'document_refused',
      'the specification has a field with an empty name, which no engine can index; give it a name'
    )
  }
  return { id: checkId(id, 'the specification\'s "id"'), text }
}

function parse(specification: string) {
  try {
    return readJson(specification)
  } catch (error) {
    if (error instanceof JsonError) throw new CatalogueError('json_invalid', error.message, { cause: error })
    throw error
  }
}
