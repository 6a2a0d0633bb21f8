import t from 'tap'
import { serve } from '../served.ts'

t.test('a release is frozen, listed, printed and kept', async (t) => {
  const { run, json, add, url } = await serve(t)
  await add({ name: 'nova:1', url: 's3://b/nova' })
  await run(['promote', 'current', '--from-tag', '1'])

  const dry = await run(['release', '2026.1', '--from', 'current', '--dry-run'])
  const frozen = await run(['release', '2026.1', '--from', 'current', '--reason', 'shipped'])
  const again = await run(['release', '2026.1', '--from', 'current'])
  const listed = await run(['releases'])
  const text = await run(['releases', '2026.1'])
  const asJson = await json(['releases', '2026.1'])
  const removal = await run(['rm', 'nova:1'])
  const forced = await run(['rm', 'nova:1', '--force'])
  const neither = await run(['release', '2026.2'])

  t.match(dry.stdout, /^2026\.1: would be frozen: 1 image\n/)
  t.equal(frozen.stdout, `2026.1: frozen: 1 image\n${url}/api/v1/releases/2026.1\n`)
  t.match(again.stdout, /^2026\.1: was frozen already/)
  t.match(listed.stdout, /^RELEASE +IMAGES +CREATED +BY +REASON\n2026\.1 +1 .* shipped\n$/)
  t.equal(text.stdout, '# nova:current for amd64: its manifest is not known, as nobody read it\n')
  t.match(asJson.value, { name: '2026.1', set: [{ origin: 'nova:1' }] })
  t.match(removal, { status: 1, stderr: /nova:1 is named by release 2026\.1; it stays/ })
  t.equal(forced.status, 0)
  t.match(neither, { status: 64, stderr: /either --from or --set/ })
})
