import { basename } from 'node:path'
import { compile } from 'json-schema-to-typescript'
import { apiPage } from './api-page.ts'
import { commandLinePage } from './command-line-page.ts'
import { configurationPage } from './configuration-page.ts'
import { openApi } from './openapi.ts'
import { type Schema, schemaFiles } from './schema-files.ts'

export interface GeneratedFile {
  path: string
  text: string
}

/** Every generated file with the text that it should have. Paths are from the repository's root, where this must run. */
export async function generated(): Promise<GeneratedFile[]> {
  const openapi = await openApi()
  return [
    { path: 'src/schemas.ts', text: await types() },
    { path: 'openapi.yaml', text: openapi },
    { path: 'docs/api.md', text: await apiPage(openapi) },
    { path: 'docs/configuration.md', text: await configurationPage() },
    { path: 'docs/command-line.md', text: await commandLinePage() }
  ]
}

async function types(): Promise<string> {
  const files = await schemaFiles()
  const properties = Object.fromEntries(files.map(({ name }) => [name, { $ref: `${name}#` }]))
  const byName = new Map(
    files.map(({ name, path, schema }) => [name, JSON.stringify(path.startsWith('schemas/query/') ? asRead(schema) : schema)])
  )
  // one schema that refers to all others: what several of them refer to is written once
  const all = {
    title: 'Schemas',
    description: 'By file name.',
    type: 'object' as const,
    additionalProperties: false,
    properties,
    required: files.map(({ name }) => name)
  }
  return compile(all, 'Schemas', {
    cwd: 'schemas/',
    $refOptions: { resolve: { file: { read: ({ url }: { url: string }) => byName.get(basename(url))! } } },
    bannerComment: '/* Generated from schemas/ by `npm run generate`. Do not edit. */',
    style: { semi: false, singleQuote: true, printWidth: 140, trailingComma: 'none' }
  })
}

/** Handlers find a parameter that has a default whether or not the request has it. */
const asRead = ({ required = [], ...schema }: Schema): Schema => ({
  ...schema,
  required: [
    ...required,
    ...Object.entries(schema.properties ?? {}).flatMap(([name, { default: usual }]) => (usual === undefined ? [] : name))
  ]
})
