import { writeFileSync } from 'node:fs'
import { dockerFolder } from '../../config/environment.ts'
import { repositoryOf } from '../../domain/image/storage.ts'
import type { TagRule } from '../../domain/releases/discovery.ts'
import { type ImageChoice, isChosen } from '../../domain/releases/image-names.ts'
import { discoveredList, parseImageList } from '../../image-lists/image-list-yaml.ts'
import { parseRegistryAddress, repositoryAt } from '../../registries/address.ts'
import { dockerCredentials } from '../../registries/docker-credentials.ts'
import { openRegistry } from '../../registries/registry.ts'
import { discoverInRegistry } from '../../registries/registry-discovery.ts'
import type { DiscoveryAnswer } from '../../schemas.ts'
import type { Api } from '../client/api.ts'
import { clientCommand, numberOf, print, textOf } from '../client/client-command.ts'
import { registryAsk, type Trust } from '../client/http-client.ts'
import { keysOf, renderFile } from '../client/inputs.ts'
import { complain, exit, harmless, missing, misuse, say, type Values } from '../terminal/terminal.ts'

export const discover = clientCommand({
  usage:
    'discover --template FILE (--tag TAG | --newest [--by RULE | --by-label LABEL] | --tag-from-label LABEL) [--registry HOST[/NAMESPACE]] [--plain-http] [--at-once NUMBER] [--proven] [--only NAME]... [--exclude NAME]... [--output-images-file FILE] [--output-env-file FILE] [KEY=VALUE...] [--url URL] [--json]',
  description: `Finds for each image of a list or template the tag that is there: a given one, the newest registered (or with --by version the newest
version), or the one that a label of the image names, such as rdo_version or {version}-{release}. Images without are left out, with the
reason on standard error. Prints the names; the files are an image list and a heat environment, as TripleO's tools write them.

With --registry another registry is asked, over its /v2/, with what docker login left in docker's own configuration (DOCKER_CONFIG, or
~/.docker). It stands in place of the registry that the list names; the namespace is put before the names of the list.

Exit status 1 also where nothing is left.`,
  options: {
    template: { type: 'string', help: 'an image list or a template of one, or - for standard input' },
    tag: { type: 'string', help: 'this tag' },
    newest: { type: 'boolean', help: 'the newest tag' },
    by: {
      type: 'string',
      choices: ['registration', 'created', 'version'],
      help: "with --newest: by registration (the default here), by the time when the image was created (another registry's default), or by version"
    },
    'by-label': { type: 'string', help: 'with --newest and --registry: by the value of this label' },
    registry: { type: 'string', help: 'ask this registry' },
    'plain-http': { type: 'boolean', help: 'speak http with it, also where it is not on this machine' },
    'at-once': { type: 'string', help: 'how many requests it is sent at once; default: 8' },
    'tag-from-label': { type: 'string', help: 'the tag that this label, or a format of labels, names' },
    proven: { type: 'boolean', help: 'leave out what is not proven' },
    only: { type: 'string', multiple: true, help: 'only images whose name matches this pattern' },
    exclude: { type: 'string', multiple: true, help: 'no image whose name matches this pattern' },
    'output-images-file': { type: 'string', help: 'write the image list to this file' },
    'output-env-file': { type: 'string', help: 'write the heat environment to this file' }
  },
  examples: [
    [
      'leporello discover --template list.yaml.j2 --tag current-passed-ci namespace=tripleo name_prefix=centos- name_suffix=',
      'list what passed'
    ],
    ['leporello discover --template list.yaml --newest --output-env-file env.yaml', 'write the newest as a heat environment'],
    ['leporello discover --template list.yaml --registry registry.example.org/tripleo --tag-from-label rdo_version', 'ask another registry']
  ],
  maxPositionals: 200,
  run: async ({ api, trust, values, positionals, json }) => {
    const template = textOf(values, 'template') ?? missing('--template is missing')
    const rule = ruleOf(values)
    const keys = keysOf(positionals)
    if (!keys.has('tag')) keys.set('tag', textOf(values, 'tag') ?? 'latest')
    const [only, exclude] = ['only', 'exclude'].map((option) => values[option] as string[] | undefined)
    const sought: SoughtList = { rule, choice: { only, exclude }, body: renderFile(template, keys) }
    const found =
      textOf(values, 'registry') === undefined
        ? await discoverHere(api, { ...sought, proven: values['proven'] === true })
        : await discoverThere(sought, values, trust)
    const { images, left_out } = found.answer
    for (const { imagename, reason } of left_out) complain(harmless(`left out: ${imagename}: ${reason}`))
    if (json) print(found.answer)
    else for (const { imagename } of images) say(harmless(imagename))
    await writeFiles(found, values)
    return images.length === 0 ? exit.wrong : exit.done
  }
})

/** The body is the list with its keys filled. */
type SoughtList = { rule: TagRule; choice: ImageChoice; body: string }

type FoundList = { answer: DiscoveryAnswer; file(format: 'yaml' | 'heat'): Promise<string> }

function ruleOf(values: Values): TagRule {
  const [tag, label, named] = ['tag', 'tag-from-label', 'by-label'].map((name) => textOf(values, name))
  const by = textOf(values, 'by')
  const elsewhere = textOf(values, 'registry') !== undefined
  const rules: TagRule[] = [
    ...(tag === undefined ? [] : [{ tag }]),
    ...(label === undefined ? [] : [{ label }]),
    ...(values['newest'] === true ? [named === undefined ? { newest: newestBy(by, elsewhere) } : { newest: 'label' as const, named }] : [])
  ]
  if (rules.length !== 1) throw misuse('expected exactly one of --tag, --newest and --tag-from-label')
  if (named !== undefined && (by !== undefined || !elsewhere || values['newest'] !== true)) {
    throw misuse('--by-label goes with --newest and --registry, and without --by')
  }
  return rules[0]!
}

function newestBy(by: string | undefined, elsewhere: boolean): 'registration' | 'created' | 'version' {
  if (by === 'version') return by
  if (elsewhere && by === 'registration')
    throw misuse('--by registration: another registry does not tell it; use --by created or --by version')
  if (!elsewhere && by === 'created') throw misuse('--by created goes with --registry; here it is --by registration or --by version')
  return elsewhere ? 'created' : 'registration'
}

const headers = { 'content-type': 'application/yaml' }
const path = '/api/v1/image-list/discover'

async function discoverHere(api: Api, { rule, choice, body, proven }: SoughtList & { proven: boolean }): Promise<FoundList> {
  const query = {
    ...('tag' in rule ? { tag: rule.tag } : 'newest' in rule ? { newest: rule.newest } : { tag_from_label: rule.label }),
    ...(proven && { proven }),
    only: choice.only?.join(','),
    exclude: choice.exclude?.join(',')
  }
  const request = { method: 'POST', path, headers, body }
  const answer = await api.ask<DiscoveryAnswer>({ ...request, query })
  return { answer, file: (format) => api.text({ ...request, query: { ...query, format } }) }
}

/** Finds the tags of a list in the registry that --registry names. */
async function discoverThere({ rule, choice, body }: SoughtList, values: Values, trust: Trust): Promise<FoundList> {
  if (values['proven'] === true) throw misuse('--proven goes without --registry: another registry proves nothing')
  const plainHttp = values['plain-http'] === true
  const address = parseRegistryAddress(textOf(values, 'registry')!, { plainHttp })
  const atOnce = numberOf(values, { name: 'at-once', least: 1 }) ?? 8
  const list = parseImageList(body, (imagename) => isChosen(imagename, choice))
  const repositoryFor = (imagename: string) => repositoryAt(address, repositoryOf(imagename))
  const registry = openRegistry({ address, ask: registryAsk(trust), credentialsOf: dockerCredentials(dockerFolder()), atOnce, plainHttp })
  const imagenames = list.entries.map(({ imagename }) => imagename)
  const found = await discoverInRegistry(registry, { imagenames, rule, repositoryFor })
  const discovered = discoveredList(list, { found, repositoryFor: (imagename) => `${address.host}/${repositoryFor(imagename)}` })
  const insecure = address.base.protocol === 'http:' ? address.host : undefined
  return { answer: discovered.answer, file: async (format) => (format === 'yaml' ? discovered.yaml() : discovered.heat(insecure)) }
}

async function writeFiles(found: FoundList, values: Values): Promise<void> {
  for (const [option, format] of Object.entries({ 'output-images-file': 'yaml', 'output-env-file': 'heat' } as const)) {
    const file = textOf(values, option)
    if (file !== undefined) writeFileSync(file, await found.file(format))
  }
}
