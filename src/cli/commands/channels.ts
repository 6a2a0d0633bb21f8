import type { ChannelDiff, ChannelList, ChannelView, PromotionSummary, SetMember } from '../../schemas.ts'
import { type Api, itemPages, pathOf } from '../client/api.ts'
import { clientCommand, numberOf, print } from '../client/client-command.ts'
import { type Cell, cells, heading, misuse, sayColumns, type Values } from '../terminal/terminal.ts'

export const channels = clientCommand({
  usage: 'channels [CHANNEL] [--history] [--diff] [--limit N] [--url URL] [--json]',
  description: 'Lists the channels; or shows the set of one, its promotions, or what its last promotion changed.',
  options: {
    history: { type: 'boolean', help: 'the promotions of the channel, the newest first' },
    diff: { type: 'boolean', help: 'what the last promotion changed' },
    limit: { type: 'string', help: 'with --history: at most this many; default: all' }
  },
  examples: [
    ['leporello channels', 'list the channels'],
    ['leporello channels current --history', 'show who moved it, when and why']
  ],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [channel], json }) => {
    if (channel === undefined && (values['history'] || values['diff'])) throw misuse('expected the name of a channel')
    const { value, rows } = await shown(api, channel, values)
    if (json) print(value)
    else sayColumns(rows)
  }
})

async function shown(api: Api, channel: string | undefined, values: Values): Promise<{ value: unknown; rows: Cell[][] }> {
  if (channel === undefined) {
    const value = await api.ask<ChannelList>({ path: '/api/v1/channels' })
    return { value: value.items, rows: summaryRows(value.items) }
  }
  const path = pathOf`/api/v1/channels/${channel}`
  if (values['history'] === true) {
    const most = numberOf(values, { name: 'limit', least: 1 }) ?? Number.POSITIVE_INFINITY
    const items: PromotionSummary[] = []
    for await (const page of itemPages<PromotionSummary>(api, { path: `${path}/history`, query: {}, most })) items.push(...page)
    return { value: items, rows: summaryRows(items) }
  }
  if (values['diff'] === true) {
    const value = await api.ask<ChannelDiff>({ path: `${path}/diff` })
    const rows = value.differences.map(({ repository, before, after }) => cells(repository, shortly(before), shortly(after)))
    return { value, rows: [heading('REPOSITORY', `PROMOTION ${value.from}`, `PROMOTION ${value.to}`), ...rows] }
  }
  const value = await api.ask<ChannelView>({ path })
  const rows = value.set.map(({ id, origin, version, images }) => cells(id, origin, version, Object.keys(images).join(',')))
  return { value, rows: [heading('IMAGE', 'ORIGIN', 'VERSION', 'ARCHITECTURES'), ...rows] }
}

const shortly = (member: SetMember | null): string => member?.origin ?? '-'

const summaryRows = (items: readonly PromotionSummary[]): Cell[][] => [
  heading('CHANNEL', 'PROMOTION', 'IMAGES', 'AT', 'BY', 'REASON'),
  ...items.map(({ channel, number, images, at, by, reason }) =>
    cells(channel, String(number), String(images), at, by.identity ?? by.address ?? by.face, reason ?? '-')
  )
]
