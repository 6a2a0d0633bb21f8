import { readdirSync, readFileSync } from 'node:fs'
import { CatalogueError } from '../../domain/errors.ts'
import { type Engine, engineFault } from './engine.ts'

/** One file of migrations/elasticsearch/: requests that are safe to repeat. */
interface Migration {
  number: number
  name: string
  steps: { method: 'PUT'; path: string; body: object }[]
}

/** The migration state stored in the engine: `leporello-migrations/_doc/schema`. */
interface Schema {
  version: number
  applied: { number: number; name: string; at: string }[]
}

const folder = new URL('../../../../migrations/elasticsearch/', import.meta.url)
const record = '/leporello-migrations/_doc/schema'

export function readMigrations(): Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}-.+\.json$/.test(file))
    .sort()
    .map((file) => ({
      number: Number(file.slice(0, 4)),
      name: file.slice(0, -'.json'.length),
      steps: JSON.parse(readFileSync(new URL(file, folder), 'utf8')).steps
    }))
}

/** Applies missing migrations in order. Replicas may repeat each other's steps, which is harmless; by compare-and-swap one records them. */
export async function migrateIndices(engine: Engine, migrations: readonly Migration[] = readMigrations()) {
  const version = migrations.at(-1)?.number ?? 0
  const applied: string[] = []
  for (;;) {
    const known = await readSchema(engine)
    if (known.schema.version > version) {
      const message = `the indices of this engine are at version ${known.schema.version}, this program knows versions up to ${version}: run a newer Leporello`
      throw new CatalogueError('database_newer', message)
    }
    const next = migrations.find(({ number }) => number > known.schema.version)
    if (!next) return { version, applied }
    for (const step of next.steps) await carryOut(engine, next.name, step)
    if (await recordDone(engine, known, next)) applied.push(next.name)
  }
}

interface KnownVersion {
  schema: Schema
  /** The query of a request that replaces just this version. */
  condition: string
}

async function readSchema(engine: Engine): Promise<KnownVersion> {
  const answer = await engine.send({ method: 'GET', path: record })
  if (answer.status === 404) return { schema: { version: 0, applied: [] }, condition: 'op_type=create' }
  if (answer.status !== 200) throw engineFault(`the record of migrations cannot be read`, answer)
  const { _source, _seq_no, _primary_term } = JSON.parse(answer.body)
  return { schema: _source, condition: `if_seq_no=${_seq_no}&if_primary_term=${_primary_term}` }
}

async function carryOut(engine: Engine, migration: string, { method, path, body }: Migration['steps'][number]): Promise<void> {
  const answer = await engine.send({ method, path, body: JSON.stringify(body) })
  if (answer.status === 200 || answer.body.includes('resource_already_exists_exception')) return
  throw engineFault(`the migration ${migration} failed at ${method} ${path}`, answer)
}

/** Returns whether this replica recorded it. */
async function recordDone(engine: Engine, { schema, condition }: KnownVersion, { number, name }: Migration): Promise<boolean> {
  const done: Schema = { version: number, applied: [...schema.applied, { number, name, at: new Date().toISOString() }] }
  const answer = await engine.send({ method: 'PUT', path: record, query: condition, body: JSON.stringify(done) })
  if (answer.status === 200 || answer.status === 201) return true
  if (answer.status === 409) return false
  throw engineFault(`the migration ${name} could not be recorded`, answer)
}
