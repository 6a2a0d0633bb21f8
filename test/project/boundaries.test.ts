import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import t from 'tap'
import { type Room, rooms } from './boundaries.ts'

interface Import {
  from: string
  /** A path within src/, or a package. */
  to: string
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.replaceAll('\\', '/'))

const roomOf = (file: string): Room | undefined =>
  rooms.filter((room) => file.startsWith(room.files)).sort((a, b) => b.files.length - a.files.length)[0]

/** `import … from 'x'`, `export … from 'x'`, `import 'x'` and `import('x')`, each perhaps over several lines. */
const specifier =
  /^\s*(?:import|export)\s[\w\s{},*]*?\bfrom\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(specifier)].map(([, named, bare, dynamic]) => {
    const to = (named ?? bare ?? dynamic)!
    return { from: file, to: to.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), to)) : to }
  })
}

/** Two adapters of one port, which must not know each other. */
const twins = (room: Room, other: Room | undefined): boolean =>
  /^(stores|blobs)\/\w+\/$/.test(room.files) && other !== undefined && /^(stores|blobs)\/\w+\/$/.test(other.files)

function allowed({ from, to }: Import): boolean {
  const room = roomOf(from)
  if (!room) return false
  if (files.includes(to)) return roomOf(to) === room || (!twins(room, roomOf(to)) && room.mayImport.some((prefix) => to.startsWith(prefix)))
  return room.packages.some((name) => to === name || (/[:/]$/.test(name) && to.startsWith(name)))
}

const imports = files.flatMap((file) => importsOf(file, readFileSync(join('src', file), 'utf8')))

t.test('the scan sees the files and imports that are there', async (t) => {
  const example = `import { a } from '../b.ts'\nimport {\n  c,\n  d\n} from 'fastify'\nexport type { E } from './e.ts'\nimport './f.ts'\nawait import('./g.ts')`

  t.strictSame(
    importsOf('http/x.ts', example).map(({ to }) => to),
    ['b.ts', 'fastify', 'http/e.ts', 'http/f.ts', 'http/g.ts']
  )
  t.ok(files.length > 60, `${files.length} files`)
  t.ok(imports.length > 150, `${imports.length} imports`)
  for (const file of ['main.ts', 'app.ts', 'domain/architecture.ts', 'http/server.ts']) t.ok(files.includes(file), file)
})

t.test('every file is in a room', async (t) => {
  t.strictSame(
    files.filter((file) => !roomOf(file)),
    []
  )
})

t.test('a forbidden import is one', async (t) => {
  t.notOk(allowed({ from: 'domain/container.ts', to: 'stores/document-store.ts' }))
  t.notOk(allowed({ from: 'domain/container.ts', to: 'node:fs' }))
  t.notOk(allowed({ from: 'stores/embedded/embedded-stores.ts', to: 'stores/elasticsearch/engine.ts' }))
  t.notOk(allowed({ from: 'blobs/local/local-blobs.ts', to: 'stores/embedded/driver.ts' }))
  t.notOk(allowed({ from: 'http/mozart/index.ts', to: 'http/operator/index.ts' }))
  t.notOk(allowed({ from: 'http/server.ts', to: 'libsql' }))
})

t.test('imports run downwards only, as docs/architecture.md says', async (t) => {
  t.strictSame(
    imports.filter((each) => !allowed(each)).map(({ from, to }) => `src/${from} imports ${to}`),
    []
  )
})

const declaration = /^export (?:abstract |async )?(?:interface|type|const|function\*?|class) (\w+)/gm

function declaredTwice(sources: readonly (readonly [file: string, text: string])[]): Map<string, string[]> {
  const declaredIn = new Map<string, string[]>()
  for (const [file, text] of sources) {
    for (const [, name] of text.matchAll(declaration)) declaredIn.set(name!, [...(declaredIn.get(name!) ?? []), file])
  }
  return new Map([...declaredIn].filter(([, in_]) => in_.length > 1))
}

t.test('a name that two files export is found', async (t) => {
  const one = 'export interface Found {}\nexport const found = 1\nexport { other } from "./x.ts"'
  const two = 'export type Found = string\nexport async function* walk() {}\nconst found = 2\nexport { other } from "./x.ts"'

  t.strictSame(
    [
      ...declaredTwice([
        ['a.ts', one],
        ['b.ts', two]
      ])
    ],
    [['Found', ['a.ts', 'b.ts']]]
  )
})

t.test('an exported name means one thing', async (t) => {
  // generated from the schemas, whose titles are the names of what the API answers
  const written = files.filter((file) => file !== 'schemas.ts')
  const twice = declaredTwice(written.map((file) => [file, readFileSync(join('src', file), 'utf8')]))

  t.strictSame(
    [...twice].map(([name, in_]) => `${name} is declared in ${in_.join(' and ')}`),
    []
  )
})

t.test('only config reads the environment', async (t) => {
  const readers = files.filter((file) => /process\s*\.\s*env\b|process\[['"]env/.test(readFileSync(join('src', file), 'utf8')))

  t.strictSame(
    readers.filter((file) => !file.startsWith('config/')),
    []
  )
  t.ok(readers.length > 0)
})

t.test('no signal gathers traces of others: AbortSignal.any is not used', async (t) => {
  t.strictSame(
    files.filter((file) => /AbortSignal\s*\.\s*any\(/.test(readFileSync(join('src', file), 'utf8'))),
    []
  )
})

t.test("the table here has the rooms of docs/architecture.md's", async (t) => {
  const table = readFileSync('docs/architecture.md', 'utf8').split('\n## Rooms\n')[1]!

  for (const { files } of rooms.filter(({ files }) => files.endsWith('/') && !files.startsWith('blobs/'))) {
    t.match(table, new RegExp(`\`(http/)?${files.slice(0, -1).replace('http/', '')}\``), files)
  }
})
