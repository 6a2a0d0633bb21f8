import { writeFileSync } from 'node:fs'
import type { DiscoveryAnswer } from '../../schemas.ts'
import type { Api } from '../client/api.ts'
import { misuse } from '../client/api-error.ts'
import { clientCommand, print, textOf } from '../client/client-command.ts'
import { keysOf, renderFile } from '../client/templates.ts'
import { complain, exit, say, type Values } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

export const discover = clientCommand({
  usage:
    'discover --template FILE (--tag TAG | --newest [--by version] | --tag-from-label LABEL) [--proven] [--only NAME]... [--exclude NAME]... [--output-images-file FILE] [--output-env-file FILE] [KEY=VALUE...] [--url URL] [--json]',
  description: `Finds for each image of a list or template the tag that is there: a given one, the newest registered (or with --by version the newest
version), or the one that a label of the image names, such as rdo_version or {version}-{release}. Images without are left out, with the
reason on standard error. Prints the names; the files are an image list and a heat environment, as TripleO's tools write them.

Exit status 1 also where nothing is left.`,
  options: {
    template: { type: 'string', help: 'an image list or a template of one, or - for standard input' },
    tag: { type: 'string', help: 'this tag' },
    newest: { type: 'boolean', help: 'the tag that was registered last' },
    by: { type: 'string', choices: ['registration', 'version'], help: 'with --newest: by registration or version; default: registration' },
    'tag-from-label': { type: 'string', help: 'the tag that this label, or a format of labels, names' },
    proven: { type: 'boolean', help: 'leave out what is not proven' },
    only: { type: 'string', multiple: true, help: 'only images whose name matches this pattern' },
    exclude: { type: 'string', multiple: true, help: 'no image whose name matches this pattern' },
    'output-images-file': { type: 'string', help: 'write the image list to this file' },
    'output-env-file': { type: 'string', help: 'write the heat environment to this file' }
  },
  examples: [
    {
      command: 'leporello discover --template list.yaml.j2 --tag current-passed-ci namespace=tripleo name_prefix=centos- name_suffix=',
      does: 'list what passed'
    },
    {
      command: 'leporello discover --template list.yaml --newest --output-env-file env.yaml',
      does: 'write the newest as a heat environment'
    }
  ],
  maxPositionals: 200,
  run: async ({ api, values, positionals, json }) => {
    const template = textOf(values, 'template') ?? missing('--template')
    const query = ruleOf(values)
    const keys = keysOf(positionals)
    if (!keys.has('tag')) keys.set('tag', textOf(values, 'tag') ?? 'latest')
    const body = renderFile(template, keys)
    const answer = await ask(api, { query, body })
    for (const { imagename, reason } of answer.left_out) complain(harmless(`left out: ${imagename}: ${reason}`))
    if (json) print(answer)
    else for (const { imagename } of answer.images) say(harmless(imagename))
    await writeFiles(api, { values, query, body })
    return answer.images.length === 0 ? exit.wrong : exit.done
  }
})

const missing = (option: string): never => {
  throw misuse(`${option} is missing`)
}

type Query = Record<string, string | boolean | undefined>

function ruleOf(values: Values): Query {
  const newest = values['newest'] === true ? (textOf(values, 'by') ?? 'registration') : undefined
  const query = { tag: textOf(values, 'tag'), newest, tag_from_label: textOf(values, 'tag-from-label') }
  if (Object.values(query).filter((value) => value !== undefined).length !== 1) {
    throw misuse('expected exactly one of --tag, --newest and --tag-from-label')
  }
  const patterns = (name: string) => (values[name] as string[] | undefined)?.join(',')
  return { ...query, ...(values['proven'] === true && { proven: true }), only: patterns('only'), exclude: patterns('exclude') }
}

interface Request {
  query: Query
  body: string
}

const headers = { 'content-type': 'application/yaml' }
const path = '/api/v1/image-list/discover'

const ask = (api: Api, { query, body }: Request): Promise<DiscoveryAnswer> => api.ask({ method: 'POST', path, query, headers, body })

interface Files extends Request {
  values: Values
}

async function writeFiles(api: Api, { values, query, body }: Files): Promise<void> {
  for (const [option, format] of [
    ['output-images-file', 'yaml'],
    ['output-env-file', 'heat']
  ] as const) {
    const file = textOf(values, option)
    if (file === undefined) continue
    writeFileSync(file, await api.text({ method: 'POST', path, query: { ...query, format }, headers, body }))
  }
}
