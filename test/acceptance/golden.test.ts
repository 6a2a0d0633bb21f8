import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { projectFolder } from '../support/project.ts'
import { runPython } from '../support/python.ts'
import { sharedEngine } from '../support/shared-engine.ts'

const replay = join(projectFolder, 'test/golden/replay.py')
// Where we answer otherwise than the recording for a reason: the case's id, and the reason.
const justified: Record<string, string> = JSON.parse(readFileSync(join(projectFolder, 'test/golden/differences.json'), 'utf8'))

t.test('recorded exchanges with a real Mozart have the same answers and leave the same in the engine', async (t) => {
  const engine = await sharedEngine('es7')
  t.teardown(engine.stop)
  // the recorded requests name this host
  const server = await startLeporello(onEngine(engine.url, { PUBLIC_URL: 'http://mozart:8888' }))
  t.teardown(server.stop)
  await ready(server)

  const { lines, errors } = await runPython([replay, '--base', server.url, '--es', engine.url])

  if (errors) t.comment(errors.slice(-10_000))
  const judged = new Set<string>()
  for (const line of lines.slice(0, -1)) {
    const [, verdict, id, why] = /^(ok|FAIL) (\S+)(.*)$/.exec(line) ?? []
    judged.add(id!)
    const reason = justified[id!]
    if (reason === undefined) t.equal(verdict, 'ok', `${id}${why}`)
    else t.equal(verdict, 'FAIL', `${id} differs because ${reason}`)
  }
  t.equal(lines.at(-1), `${judged.size - Object.keys(justified).length} passed, ${Object.keys(justified).length} failed`)
  t.ok(judged.size >= 390, 'all of them were judged')
})
