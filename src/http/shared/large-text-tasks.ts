import { parseExpected } from '../../domain/build/nodes.ts'
import { isCatalogueError } from '../../domain/errors.ts'
import { inPythonStyle, JsonError, readJson } from '../../domain/json/json.ts'
import { checkJsonBounds } from '../../domain/json/json-bounds.ts'
import { readSpecification } from '../../domain/specs/specification.ts'
import { imageEntries, renamedImageList } from '../../image-lists/image-list-yaml.ts'
import { parseUrlEncoded } from './url-encoded.ts'

const textOf = ({ buffer, byteOffset, byteLength }: Uint8Array, encoding: BufferEncoding): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString(encoding)

/** What is done with texts from clients and stores that may be large: pure functions, so that it does not matter where they run. */
export const largeTextTasks = {
  // a Map, because a structured clone would give fields without a prototype one
  urlEncoded: (body: Uint8Array) => new Map(Object.entries(parseUrlEncoded(textOf(body, 'latin1')))),
  jsonMembers: (body: Uint8Array) => readJsonMembers(textOf(body, 'utf8')),
  specification: readSpecification,
  pythonStyle: inPythonStyle,
  expected: parseExpected,
  imageEntries,
  renamedImageList
} satisfies Record<string, (input: never) => unknown>

export type LargeTextTasks = typeof largeTextTasks

/** The members of a JSON body, each as text, or what is wrong with it. */
export type JsonMembers = { members: Map<string, string>; problem?: string }

function readJsonMembers(text: string): JsonMembers {
  try {
    checkJsonBounds(text, { what: 'it' })
    const { kind, members } = readJson(text)
    return kind === 'object' ? { members } : { members, problem: `is a JSON ${kind}; expected an object` }
  } catch (error) {
    if (error instanceof JsonError || isCatalogueError(error)) return { members: new Map(), problem: `cannot be read: ${error.message}` }
    throw error
  }
}
