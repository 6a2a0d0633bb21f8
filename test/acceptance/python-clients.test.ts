import t, { type Test } from 'tap'
import { installHysds } from '../support/hysds.ts'
import { onEngine, ready, startLeporello } from '../support/leporello.ts'
import { runPython } from '../support/python.ts'
import { sharedEngine } from '../support/shared-engine.ts'

async function clients(t: Test, parameters: string[]): Promise<void> {
  const { code, lines, errors } = await runPython(['registry.py', ...parameters])
  if (errors) t.comment(errors.slice(-10_000))
  t.equal(code, 0, 'the clients ran to their end')
  for (const line of lines) t.ok(line.startsWith('ok '), line.replace(/^(ok|FAIL) /, ''))
  t.ok(lines.length >= 10, 'they had something to say')
}

t.test('Python clients work as with Mozart, on the embedded store', async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)
  await ready(server)

  await clients(t, [server.url])
})

for (const name of ['es7', 'os3'] as const) {
  t.test(`Python clients work as with Mozart, on ${name}, also beside programs that use it directly`, async (t) => {
    const engine = await sharedEngine(name)
    t.teardown(engine.stop)
    await installHysds(engine)
    const server = await startLeporello(onEngine(engine.url))
    t.teardown(server.stop)
    await ready(server)

    await clients(t, [server.url, engine.url])
  })
}
