import type { ReleaseList } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { clientCommand, print, textOf } from '../client/client-command.ts'
import { exit, say } from '../terminal/command.ts'
import { columns, heading, paintFor } from '../terminal/terminal.ts'

const formats = ['json', 'yaml', 'heat', 'text', 'sh']

export const releases = clientCommand({
  usage: 'releases [NAME] [--format FORMAT] [--url URL] [--json]',
  description: `Lists the frozen releases, or prints one: as json, yaml (container_images), heat (parameter_defaults), text (references by digest, one a
line) or sh (a script that pulls exactly these images and checks their digests).`,
  options: { format: { type: 'string', choices: formats, help: 'json, yaml, heat, text or sh; default: text' } },
  examples: [
    { command: 'leporello releases', does: 'list the releases' },
    { command: 'leporello releases 2026.1 --format sh | sh', does: 'pull exactly the images of a release' }
  ],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [name], json }) => {
    if (name !== undefined) {
      const format = json ? 'json' : (textOf(values, 'format') ?? 'text')
      process.stdout.write(await api.text({ path: pathOf`/api/v1/releases/${name}`, query: { format } }))
      return exit.done
    }
    const { items } = await api.ask<ReleaseList>({ path: '/api/v1/releases' })
    const rows = items.map(({ name, images, created, by, reason }) =>
      [name, String(images), created, by.identity ?? by.address ?? by.face, reason ?? '-'].map((text) => ({ text }))
    )
    if (json) print(items)
    else for (const line of columns([heading('RELEASE', 'IMAGES', 'CREATED', 'BY', 'REASON'), ...rows], paintFor(process.stdout))) say(line)
    return exit.done
  }
})
