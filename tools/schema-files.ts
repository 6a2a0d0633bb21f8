import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

export interface SchemaFile {
  /** Its `$id`. */
  name: string
  /** From the repository's root. */
  path: string
  schema: Schema
}

export interface Schema {
  $id: string
  title: string
  required?: string[]
  properties?: Record<string, { default?: unknown }>
}

/** Every schema in schemas/ by the name of its file, in their order. */
export async function schemaFiles(): Promise<SchemaFile[]> {
  const paths = (await readdir('schemas', { recursive: true })).filter((path) => path.endsWith('.json'))
  const files = paths.map(async (path) => ({
    name: basename(path),
    path: join('schemas', path),
    schema: JSON.parse(await readFile(join('schemas', path), 'utf8')) as Schema
  }))
  return (await Promise.all(files)).sort((a, b) => (a.name < b.name ? -1 : 1))
}
