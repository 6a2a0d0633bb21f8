import { parseExpected } from '../../domain/build/expected.ts'
import { inPythonStyle } from '../../domain/json/json.ts'
import { readSpecification } from '../../domain/specs/specification.ts'
import { imageEntries, renamedImageList } from '../../image-lists/image-list-yaml.ts'
import { readJsonMembers } from './json-members.ts'
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
