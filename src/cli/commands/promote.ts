import type { ChannelAnswer, ChannelPut } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, numberOf, print, textOf } from '../client/client-command.ts'
import { readIds } from '../client/inputs.ts'
import { counted, harmless, misuse, say, type Values } from '../terminal/terminal.ts'

const requirements = ['complete', 'proven', 'tested']

export const promote = clientCommand({
  usage:
    'promote CHANNEL (--set FILE | --from CHANNEL | --from-release NAME | --from-tag TAG) [--require WHAT] [--keep] [--namespace NS] [--name-prefix P] [--tag TAG] [--if-match REVISION] [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description: `Moves a channel, which is a tag such as current-passed-ci, to a whole set of images, or moves nothing. FILE has ids, one a line, or is an image
list in YAML; - is standard input. With --require, each image must be complete, proven or tested on each expected architecture. A set that is
refused is refused with every reason. Repositories that the set lacks lose the tag, unless --keep is given.`,
  options: {
    set: { type: 'string', help: 'a file with the ids of the images, or - for standard input' },
    from: { type: 'string', help: 'the set of another channel' },
    'from-release': { type: 'string', help: 'the set of a frozen release' },
    'from-tag': { type: 'string', help: 'every repository that has this tag' },
    require: { type: 'string', multiple: true, choices: requirements, help: 'complete, proven or tested; may be repeated, or have commas' },
    keep: { type: 'boolean', help: 'leave the repositories in the channel that the set lacks' },
    namespace: { type: 'string', help: 'what comes before the last slash of the new ids' },
    'name-prefix': { type: 'string', help: 'what the names of the new ids begin with' },
    tag: { type: 'string', help: 'the tag of the new ids; default: the name of the channel' },
    'if-match': { type: 'string', help: 'only if the channel is at this revision' },
    ...changeOptions
  },
  examples: [
    ['leporello promote current --set built.txt --require complete', 'move current to what was built'],
    [
      "leporello promote current-passed-ci --from current --require proven --require tested --reason 'CI 4711'",
      'move on what passed its tests'
    ]
  ],
  needs: ['the name of a channel'],
  run: async ({ api, values, positionals: [channel], json }) => {
    const { query, headers, dryRun } = changeOf(values)
    const revision = textOf(values, 'if-match')
    if (revision !== undefined) headers['if-match'] = `"${revision}"`
    const body: ChannelPut = { ...sourceOf(values), ...targetOf(values), require: requireOf(values), keep: values['keep'] === true }
    const path = pathOf`/api/v1/channels/${channel!}`
    printMove(await api.ask<ChannelAnswer>({ method: 'PUT', path, query, headers, body }), { dryRun, json })
  }
})

function sourceOf(values: Values): Pick<ChannelPut, 'set' | 'from'> {
  const given = [
    ['set', textOf(values, 'set')],
    ['channel', textOf(values, 'from')],
    ['release', textOf(values, 'from-release')],
    ['tag', textOf(values, 'from-tag')]
  ].filter(([, value]) => value !== undefined)
  if (given.length !== 1) throw misuse('expected exactly one of --set, --from, --from-release and --from-tag')
  const [[what, value]] = given as [[string, string]]
  return what === 'set' ? { set: readIds(value) } : { from: { [what]: value } }
}

function targetOf(values: Values): Pick<ChannelPut, 'to'> {
  const [namespace, prefix, tag] = ['namespace', 'name-prefix', 'tag'].map((name) => textOf(values, name))
  const to = {
    ...(namespace !== undefined && { namespace }),
    ...(prefix !== undefined && { name_prefix: prefix }),
    ...(tag !== undefined && { tag })
  }
  return Object.keys(to).length === 0 ? {} : { to }
}

function requireOf(values: Values): NonNullable<ChannelPut['require']> {
  const given = ((values['require'] as string[] | undefined) ?? []).flatMap((text) => text.split(',').filter(Boolean))
  const unknown = given.find((one) => !requirements.includes(one))
  if (unknown !== undefined) throw misuse(`--require is ${JSON.stringify(unknown)}; expected ${requirements.join(', ')}`)
  return given as NonNullable<ChannelPut['require']>
}

export const rollback = clientCommand({
  usage: 'rollback CHANNEL [--to NUMBER] [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description: `Moves a channel back to an earlier set, with the images of that time. This is a promotion as well: the history keeps both. NUMBER is that of
a promotion, as leporello channels CHANNEL shows it.`,
  options: { to: { type: 'string', help: 'the number of the promotion; default: the one before the last' }, ...changeOptions },
  examples: [["leporello rollback current --reason 'nova does not start'", 'take the last promotion back']],
  needs: ['the name of a channel'],
  run: async ({ api, values, positionals: [channel], json }) => {
    const { query, headers, dryRun } = changeOf(values)
    const to = numberOf(values, { name: 'to', least: 1 })
    const path = pathOf`/api/v1/channels/${channel!}/rollback`
    printMove(await api.ask<ChannelAnswer>({ method: 'POST', path, query, headers, body: { to } }), { dryRun, json })
  }
})

function printMove(answer: ChannelAnswer, { dryRun, json }: { dryRun: boolean; json: boolean }): void {
  const { channel, unchanged, written, removed } = answer
  if (json) print({ ...answer, dryRun })
  else if (unchanged && !dryRun) say(harmless(`${channel.channel}: has this set already; unchanged`))
  else {
    const done = dryRun ? 'would be moved' : `moved, promotion ${channel.number}`
    const changes = `${counted(channel.images, 'image')}, ${written.length} changed, ${removed.length} lost the tag`
    say(harmless(`${channel.channel}: ${done}: ${changes}`))
    for (const id of removed) say(harmless(`  removed: ${id}`))
  }
}
