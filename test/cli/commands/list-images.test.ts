import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { command } from '../in-process.ts'
import { serve } from '../served.ts'

t.test('list-images prints names and nothing else', async (t) => {
  const { run, json, add } = await serve(t)
  for (const name of ['nova-api:aaa', 'nova-api-cfn:aaa', 'heat:bbb']) await add({ name, url: 's3://b/x' })

  const names = await run(['list-images', '--tag', 'aaa'])
  const none = await run(['list-images', '--tag', 'none'])
  const yaml = await run(['list-images', '--name', 'heat', '--format', 'yaml'])
  const asJson = await json(['list-images', '--tag', 'bbb'])

  t.strictSame(names, { status: 0, stdout: 'nova-api\nnova-api-cfn\n', stderr: '' })
  t.strictSame(none, { status: 0, stdout: '', stderr: '' })
  t.equal(yaml.stdout, 'container_images:\n- imagename: "heat:bbb"\n')
  t.strictSame(asJson.value, { images: [{ imagename: 'heat:bbb', repository: 'heat', tag: 'bbb' }] })
})

t.test('render fills a template with the files that it includes, and asks no server', async (t) => {
  const folder = temporaryDirectory(t)
  const template = join(folder, 'list.yaml.j2')
  await writeFile(template, "# all\n- imagename: '{{ns}}/a:{{tag}}'\n{% include 'more.j2' %}")
  await writeFile(join(folder, 'more.j2'), "- imagename: '{{ns}}/b:{{tag}}'\n")

  const filled = await command(t, { args: ['render', template, 'ns=x', 'tag=1'] })
  const missing = await command(t, { args: ['render', template, 'ns=x', 'tga=1'] })
  const wrong = await command(t, { args: ['render', template, 'tag'] })
  const absent = await command(t, { args: ['render', join(folder, 'none')] })

  t.strictSame(filled, { status: 0, stdout: "# all\n- imagename: 'x/a:1'\n- imagename: 'x/b:1'\n", stderr: '' })
  t.match(missing, { status: 64, stdout: '', stderr: /line 2, column 24: tag is not given; did you mean tga\?; and 1 more/ })
  t.match(wrong, { status: 64, stderr: /"tag" is not a key with its value; expected one as tag=current/ })
  t.match(absent, { status: 64, stderr: /cannot be read/ })
})
