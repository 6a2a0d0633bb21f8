import type { ChannelAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, numberOf } from '../client/client-command.ts'
import { printMove } from '../client/moves.ts'

export const rollback = clientCommand({
  usage: 'rollback CHANNEL [--to NUMBER] [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description: `Moves a channel back to an earlier set, with the images of that time. This is a promotion as well: the history keeps both. NUMBER is that of
a promotion, as leporello channels CHANNEL shows it.`,
  options: { to: { type: 'string', help: 'the number of the promotion; default: the one before the last' }, ...changeOptions },
  examples: [{ command: "leporello rollback current --reason 'nova does not start'", does: 'take the last promotion back' }],
  needs: ['the name of a channel'],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [channel], json }) => {
    const { query, headers, dryRun } = changeOf(values)
    const to = numberOf(values, { name: 'to', least: 1 })
    const path = pathOf`/api/v1/channels/${channel!}/rollback`
    const answer = await api.ask<ChannelAnswer>({ method: 'POST', path, query, headers, body: { ...(to !== undefined && { to }) } })
    return printMove(answer, { dryRun, json })
  }
})
