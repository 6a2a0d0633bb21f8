import { maskSecrets } from '../../domain/secrets.ts'
import type { BackfillItem, BackfillPage } from '../../schemas.ts'
import { type Api, pathOf } from '../client/api.ts'
import type { ApiError } from '../client/api-error.ts'
import { clientCommand, textOf } from '../client/client-command.ts'
import { exit, say } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

export const backfill = clientCommand({
  usage: 'backfill [--write] [--id GLOB] [--url URL] [--json]',
  description: `Names the architecture of containers that name only a url, where reading their bytes has proven it: urls is written, and url is
what x86_64 machines run. Without --write it only shows what would be written, and what to do about those that are not proven. A record that
somebody changes meanwhile is left alone, which counts as refused.`,
  options: {
    write: { type: 'boolean', help: 'write it; otherwise it is only shown' },
    id: { type: 'string', help: 'only containers whose id fits this pattern of * and ?' }
  },
  examples: [
    { command: 'leporello backfill', does: 'show what would be written' },
    { command: "leporello backfill --write --id 'container-hello:*'", does: 'write it, for some' }
  ],
  maxPositionals: 0,
  run: async ({ api, values, json }) => {
    const write = values['write'] === true
    const counts = { written: 0, proven: 0, unproven: 0, refused: 0 }
    const items: Item[] = []
    for await (const found of itemsOf(api, textOf(values, 'id'))) {
      const item: Item = write && found.after ? await written(api, found) : found
      if (item.refused !== undefined) counts.refused++
      else counts[item.written ? 'written' : item.after ? 'proven' : 'unproven']++
      if (json) items.push(item)
      else say(textFor(item))
    }
    if (json) say(JSON.stringify({ ...counts, items }, null, 2))
    else say(sumOf(counts, write))
    return counts.refused > 0 ? exit.wrong : exit.done
  }
})

/** `refused`: why it was not written. */
type Item = BackfillItem & { refused?: string }

async function* itemsOf(api: Api, id: string | undefined): AsyncGenerator<BackfillItem> {
  let cursor: string | undefined
  do {
    const { items, next } = await api.ask<BackfillPage>({ path: '/api/v1/backfill', query: { id, cursor } })
    yield* items
    cursor = next ?? undefined
  } while (cursor !== undefined)
}

/** Just what was shown, or nothing. */
async function written(api: Api, item: BackfillItem): Promise<Item> {
  const headers = { 'if-match': `"${item.revision}"` }
  try {
    return await api.ask<BackfillItem>({ method: 'POST', path: pathOf`/api/v1/containers/${item.id}/backfill`, headers })
  } catch (error) {
    const { status, message } = error as ApiError
    if (status !== 404 && status !== 412) throw error
    return { ...item, refused: message }
  }
}

function textFor({ id, architecture, before, after, message, written, refused }: Item): string {
  if (refused !== undefined) return told(`${id}: not written: ${refused}`)
  if (!after) return told(`${id}: not proven: ${message}`)
  const lines = [`${id}: ${written ? 'written' : 'would be written'} for ${architecture}: ${message}`, `  urls  ${after.urls}`]
  if (after.url !== before.url) lines.push(`  url   ${after.url}`, `        instead of ${before.url}`)
  return lines.map(told).join('\n')
}

const told = (line: string) => harmless(maskSecrets(line))

function sumOf(
  { written, proven, unproven, refused }: Record<'written' | 'proven' | 'unproven' | 'refused', number>,
  write: boolean
): string {
  if (!write) return `${proven} would be written, ${unproven} not proven; nothing was written: --write does`
  return `${written} written, ${unproven} not proven${refused > 0 ? `, ${refused} changed meanwhile: look at them again` : ''}`
}
