import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { serve } from '../served.ts'

t.test('discover fills a template, finds the tags, and writes the files of TripleO', async (t) => {
  const { run, add } = await serve(t)
  const folder = temporaryDirectory(t)
  const [template, images, env] = ['list.yaml.j2', 'images.yaml', 'env.yaml'].map((name) => join(folder, name))
  const entry = (name: string) => `- imagename: "{{ns}}/${name}:{{tag}}"\n  params:\n  - Container${name}Image\n`
  await writeFile(template!, `container_images_template:\n${['nova', 'heat', 'none'].map(entry).join('')}`)
  for (const name of ['x/nova:1', 'x/nova:2', 'x/heat:1']) await add({ name, url: 's3://b/x' })

  const found = await run([
    'discover',
    '--template',
    template!,
    '--tag',
    '1',
    'ns=x',
    '--output-images-file',
    images!,
    '--output-env-file',
    env!
  ])
  const newest = await run(['discover', '--template', template!, '--newest', '--by', 'version', '--only', 'nova', 'ns=x'])
  const nothing = await run(['discover', '--template', template!, '--tag', '9', '--only', 'heat', 'ns=x'])
  const wrong = await run(['discover', '--template', template!, 'ns=x'])

  t.strictSame(found, { status: 0, stdout: 'x/nova:1\nx/heat:1\n', stderr: 'left out: x/none:1: there is no such repository\n' })
  t.match(
    await readFile(images!, 'utf8'),
    /^container_images:\n- imagename: "x\/nova:1"\n {2}params:\n {2}- ContainernovaImage\n- imagename: "x\/heat:1"/
  )
  t.equal(
    await readFile(env!, 'utf8'),
    'parameter_defaults:\n  ContainerheatImage: "x/heat:1"\n  ContainernovaImage: "x/nova:1"\n# left out: x/none:1: there is no such repository\n'
  )
  t.strictSame(newest, { status: 0, stdout: 'x/nova:2\n', stderr: '' })
  t.match(nothing, { status: 1, stdout: '', stderr: 'left out: x/heat:9: it has no tag 9; the nearest: 1\n' })
  t.match(wrong, { status: 64, stderr: /exactly one of --tag, --newest and --tag-from-label/ })
})
