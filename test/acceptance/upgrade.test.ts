import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sha256 } from '../support/images.ts'
import { type Leporello, onEngine, ready, startLeporello } from '../support/leporello.ts'
import { aContainer, mozartClient } from '../support/mozart-client.ts'
import { projectFolder } from '../support/project.ts'
import { sharedEngine } from '../support/shared-engine.ts'
import { loadEngine, readFixture, type UpgradeFixture } from '../support/upgrade-fixture.ts'

/* Data that earlier versions wrote, made by tools/upgrade-fixtures.ts: this version opens them, answers the same, and goes on writing. */

const folder = join(projectFolder, 'test/fixtures/upgrade')
const names = (await readdir(folder)).filter((file) => file.endsWith('.json.gz')).map((file) => file.replace('.json.gz', ''))
const scratch = await mkdtemp(join(tmpdir(), 'leporello-upgrade-'))
t.teardown(() => rm(scratch, { recursive: true, force: true }))

t.ok(names.length >= 4, names.join(', '))

for (const name of names.sort()) {
  const fixture = readFixture(join(folder, `${name}.json.gz`))

  t.test(`${name}: a data directory opens`, async (t) => {
    const data = join(scratch, name)
    await mkdir(data)
    execFileSync('tar', ['-xzf', join(folder, `${name}.tar.gz`), '-C', data])
    const server = await startLeporello({ DATA: data })
    t.teardown(server.stop)
    await answersAsBefore(t, { server, expected: fixture.embedded })
  })

  t.test(`${name}: indices open`, async (t) => {
    const engine = await sharedEngine('es7')
    t.teardown(engine.stop)
    await loadEngine(engine, fixture.indices)
    const server = await startLeporello(onEngine(engine.url))
    t.teardown(server.stop)
    // tarballs are in a directory, whatever the store
    await answersAsBefore(t, { server, expected: { ...fixture.engine, tarballs: {} } })
  })
}

async function answersAsBefore(t: Test, { server, expected }: { server: Leporello } & UpgradeFixture): Promise<void> {
  const mozart = mozartClient(server.url)
  await ready(server)

  t.strictSame((await mozart.list()).body.result.sort(), Object.keys(expected.containers).sort())
  for (const [id, container] of Object.entries(expected.containers)) t.strictSame((await mozart.info(id)).body.result, container, id)
  t.strictSame((await mozart.spec('job_spec', 'job-both:1')).body.result, expected.spec)
  for (const [path, digest] of Object.entries(expected.tarballs)) {
    t.equal(sha256(Buffer.from(await (await fetch(server.url + path)).arrayBuffer())), digest, path)
  }
  t.equal((await mozart.add(aContainer('plain:1', { version: '3' }))).status, 200)
  const history = await fetch(`${server.url}/api/v1/containers/plain%3A1/history`)
  t.match(await history.json(), { items: [{ what: 'changed' }] }, 'its history goes on')
  const listed = await fetch(`${server.url}/api/v1/containers?sort=-updated`)
  t.equal(listed.status, 200)
  t.equal((await mozart.remove('both:1')).status, 200)
}
