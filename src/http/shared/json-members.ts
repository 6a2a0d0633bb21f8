import { isCatalogueError } from '../../domain/errors.ts'
import { JsonError, readJson } from '../../domain/json/json.ts'
import { checkJsonBounds } from '../../domain/json/json-bounds.ts'

/** The members of a JSON body, each as text, or what is wrong with it. */
export interface JsonMembers {
  members: Map<string, string>
  problem?: string
}

export function readJsonMembers(text: string): JsonMembers {
  try {
    checkJsonBounds(text, { what: 'it' })
    const { kind, members } = readJson(text)
    return kind === 'object' ? { members } : { members, problem: `is a JSON ${kind}; expected an object` }
  } catch (error) {
    if (error instanceof JsonError || isCatalogueError(error)) return { members: new Map(), problem: `cannot be read: ${error.message}` }
    throw error
  }
}
