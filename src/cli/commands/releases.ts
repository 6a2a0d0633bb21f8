import type { ReleaseList, ReleaseView } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, output, print, textOf } from '../client/client-command.ts'
import { readIds } from '../client/inputs.ts'
import { cells, counted, heading, misuse, say, sayColumns } from '../terminal/terminal.ts'

export const release = clientCommand({
  usage: 'release NAME (--from CHANNEL | --set FILE) [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description: `Freezes the set of a channel, or the images whose ids are in FILE, with their digests, and prints the link to hand out. The name never means
anything else: the same images again change nothing, others are refused. What a release names is never cleaned up.`,
  options: {
    from: { type: 'string', help: 'the channel' },
    set: { type: 'string', help: 'a file with the ids of the images, or - for standard input' },
    ...changeOptions
  },
  examples: [['leporello release 2026.1 --from current-passed-ci', 'freeze what passed, and print its link']],
  needs: ['the name of the release'],
  run: async ({ api, values, positionals: [name], json }) => {
    const { query, headers, dryRun } = changeOf(values)
    const [channel, file] = [textOf(values, 'from'), textOf(values, 'set')]
    if ((channel === undefined) === (file === undefined)) throw misuse('expected either --from or --set')
    const body = { name, ...(channel === undefined ? { set: readIds(file!) } : { channel }) }
    const answer = await api.answer({ method: 'POST', path: '/api/v1/releases', query, headers, body })
    const view = answer.value as ReleaseView
    const done = dryRun ? 'would be frozen' : answer.status === 201 ? 'frozen' : 'was frozen already'
    const link = `${api.url.replace(/\/+$/, '')}${pathOf`/api/v1/releases/${name!}`}`
    output(json, { value: { ...view, dryRun, link }, line: `${name}: ${done}: ${counted(view.set.length, 'image')}` })
    if (!json) say(link)
  }
})

const formats = ['json', 'yaml', 'heat', 'text', 'sh']

export const releases = clientCommand({
  usage: 'releases [NAME] [--format FORMAT] [--url URL] [--json]',
  description: `Lists the frozen releases, or prints one: as json, yaml (container_images), heat (parameter_defaults), text (references by digest, one a
line) or sh (a script that pulls exactly these images and checks their digests).`,
  options: { format: { type: 'string', choices: formats, help: 'json, yaml, heat, text or sh; default: text' } },
  examples: [
    ['leporello releases', 'list the releases'],
    ['leporello releases 2026.1 --format sh | sh', 'pull exactly the images of a release']
  ],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [name], json }) => {
    if (name !== undefined) {
      const format = json ? 'json' : (textOf(values, 'format') ?? 'text')
      process.stdout.write(await api.text({ path: pathOf`/api/v1/releases/${name}`, query: { format } }))
      return
    }
    const { items } = await api.ask<ReleaseList>({ path: '/api/v1/releases' })
    const rows = items.map(({ name, images, created, by, reason }) =>
      cells(name, String(images), created, by.identity ?? by.address ?? by.face, reason ?? '-')
    )
    if (json) print(items)
    else sayColumns([heading('RELEASE', 'IMAGES', 'CREATED', 'BY', 'REASON'), ...rows])
  }
})
