import { readdir } from 'node:fs/promises'
import { compile } from 'json-schema-to-typescript'
import { apiPage } from './api-page.ts'
import { commandLinePage } from './command-line-page.ts'
import { configurationPage } from './configuration-page.ts'
import { openApi } from './openapi.ts'

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
  const names = (await readdir('schemas')).filter((name) => name.endsWith('.json')).sort()
  const properties = Object.fromEntries(names.map((name) => [name, { $ref: `${name}#` }]))
  // one schema that refers to all others: what several of them refer to is written once
  const all = {
    title: 'Schemas',
    description: 'By file name.',
    type: 'object' as const,
    additionalProperties: false,
    properties,
    required: names
  }
  return compile(all, 'Schemas', {
    cwd: 'schemas/',
    bannerComment: '/* Written by `npm run generate` from schemas/*.json: change those. */',
    style: { semi: false, singleQuote: true, printWidth: 140, trailingComma: 'none' }
  })
}
