import { clientCommand, textOf } from '../client/client-command.ts'
import { say } from '../terminal/terminal.ts'

const formats = ['names', 'yaml', 'json']

export const listImages = clientCommand({
  usage: 'list-images [--tag TAG] [--name GLOB] [--format FORMAT] [--url URL] [--json]',
  description: `Prints the names of images for another builder, one a line and nothing else: the repositories that have the tag, sorted. As yaml or json it
prints every image with its tag.`,
  options: {
    tag: { type: 'string', help: 'only repositories with this tag, such as current-passed-ci' },
    name: { type: 'string', help: 'a pattern with * and ? for the repository, or for what follows its last slash' },
    format: { type: 'string', choices: formats, help: 'names, yaml (container_images) or json; default: names' }
  },
  examples: [
    ['leporello list-images --tag current', 'list what another builder has to build'],
    ["leporello list-images --name 'nova-*' --format yaml", 'list all images of nova as TripleO reads them']
  ],
  run: async ({ api, values, json }) => {
    const query = {
      tag: textOf(values, 'tag'),
      name: textOf(values, 'name'),
      format: json ? 'json' : (textOf(values, 'format') ?? 'names')
    }
    for await (const line of api.lines({ path: '/api/v1/image-list', query, headers: { accept: '*/*' } })) say(line)
  }
})
