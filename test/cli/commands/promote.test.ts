import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { serve } from '../served.ts'

t.test('a channel is moved, shown and moved back from the command line', async (t) => {
  const { run, json, add } = await serve(t)
  const folder = temporaryDirectory(t)
  const [ids, list] = [join(folder, 'ids'), join(folder, 'list.yaml')]
  await writeFile(ids, '# built\nnova:1\nheat:1\n\n')
  await writeFile(list, 'container_images:\n- imagename: "nova:2"  # new\n  params: [A]\n')
  for (const name of ['nova:1', 'heat:1', 'nova:2']) await add({ name, url: `s3://b/${name}` })

  const dry = await run(['promote', 'current', '--set', ids, '--dry-run'])
  const first = await run(['promote', 'current', '--set', ids, '--reason', 'all passed'])
  const second = await json(['promote', 'current', '--set', list])
  const same = await run(['promote', 'current', '--set', list])
  const refused = await json(['promote', 'current', '--from-tag', '1', '--require', 'proven,tested'])
  const shown = await run(['channels', 'current'])
  const diff = await run(['channels', 'current', '--diff'])
  const back = await run(['rollback', 'current', '--reason', 'too early'])
  const history = await run(['channels', 'current', '--history'])

  t.equal(dry.stdout, 'current: would be moved: 2 images, 2 changed, 0 lost the tag\n')
  t.equal(first.stdout, 'current: moved, promotion 1: 2 images, 2 changed, 0 lost the tag\n')
  t.match(second.value, { written: ['nova:current'], removed: ['heat:current'], dryRun: false })
  t.equal(same.stdout, 'current: has this set already; unchanged\n')
  t.match(refused, { status: 1, value: { code: 'promotion_refused', errors: [{ path: 'set[0]' }, {}, {}, {}] } })
  t.match(shown.stdout, /^IMAGE +ORIGIN +VERSION +ARCHITECTURES\nnova:current +nova:2 +1 +amd64\n$/)
  t.match(diff.stdout, /^REPOSITORY +PROMOTION 1 +PROMOTION 2\nheat +heat:1 +-\nnova +nova:1 +nova:2\n$/)
  t.equal(back.stdout, 'current: moved, promotion 3: 2 images, 2 changed, 0 lost the tag\n')
  t.match(history.stdout, /\ncurrent +3 +2 .* too early\ncurrent +2 +1 .* -\ncurrent +1 +2 .* all passed\n$/)
  t.match((await json(['channels'])).value, [{ channel: 'current', number: 3, images: 2 }])
})

t.test('what is wrong with the command line is said', async (t) => {
  const { run } = await serve(t)
  const folder = temporaryDirectory(t)
  const empty = join(folder, 'empty')
  await writeFile(empty, '# nothing\n')

  t.match(await run(['promote', 'current']), { status: 64, stderr: /exactly one of --set, --from/ })
  t.match(await run(['promote', 'current', '--set', empty]), { status: 64, stderr: /names no image/ })
  t.match(await run(['promote', 'current', '--from', 'none']), { status: 1, stderr: /there is no channel none/ })
  t.match(await run(['promote', 'current', '--from', 'a', '--require', 'good']), {
    status: 64,
    stderr: /expected complete, proven, tested/
  })
  t.match(await run(['channels', '--diff']), { status: 64, stderr: /expected the name of a channel/ })
})
