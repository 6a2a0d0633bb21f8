import { maskSecrets } from '../../domain/secrets.ts'
import type { BackfillItem, BackfillPage } from '../../schemas.ts'
import { type Api, type ApiError, pathOf } from '../client/api.ts'
import { clientCommand, output, textOf } from '../client/client-command.ts'
import { exit, harmless, say } from '../terminal/terminal.ts'

export const backfill = clientCommand({
  usage: 'backfill [--write] [--id GLOB] [--url URL] [--json]',
  description: `Adds urls to records that have only a url, where the architecture of the image is proven by its bytes; url becomes what x86_64 machines
run. Without --write it only shows what it would write, and what to do about the unproven ones. A record that changes meanwhile is left
as it is, and counts as refused.`,
  options: {
    write: { type: 'boolean', help: 'write it; default: only show it' },
    id: { type: 'string', help: 'only containers whose id matches this pattern with * and ?' }
  },
  examples: [
    ['leporello backfill', 'show what would be written'],
    ["leporello backfill --write --id 'container-hello:*'", 'write it, for some containers']
  ],
  run: async ({ api, values, json }) => {
    const write = values['write'] === true
    const counts = { written: 0, proven: 0, unproven: 0, refused: 0 }
    const items: BackfillOutcome[] = []
    for await (const found of itemsOf(api, textOf(values, 'id'))) {
      const item: BackfillOutcome = write && found.after ? await written(api, found) : found
      if (item.refused !== undefined) counts.refused++
      else counts[item.written ? 'written' : item.after ? 'proven' : 'unproven']++
      if (json) items.push(item)
      else say(textFor(item))
    }
    output(json, { value: { ...counts, items }, line: sumOf(counts, write) })
    return counts.refused > 0 ? exit.wrong : exit.done
  }
})

/** `refused` says why it was not written. */
type BackfillOutcome = BackfillItem & { refused?: string }

async function* itemsOf(api: Api, id: string | undefined): AsyncGenerator<BackfillItem> {
  let cursor: string | undefined
  do {
    const { items, next } = await api.ask<BackfillPage>({ path: '/api/v1/backfill', query: { id, cursor } })
    yield* items
    cursor = next ?? undefined
  } while (cursor !== undefined)
}

/** Writes exactly what was shown, or nothing. */
async function written(api: Api, item: BackfillItem): Promise<BackfillOutcome> {
  const headers = { 'if-match': `"${item.revision}"` }
  try {
    return await api.ask<BackfillItem>({ method: 'POST', path: pathOf`/api/v1/containers/${item.id}/backfill`, headers })
  } catch (error) {
    const { status, message } = error as ApiError
    if (status !== 404 && status !== 412) throw error
    return { ...item, refused: message }
  }
}

function textFor({ id, architecture, before, after, message, written, refused }: BackfillOutcome): string {
  if (refused !== undefined) return masked(`${id}: not written: ${refused}`)
  if (!after) return masked(`${id}: not proven: ${message}`)
  const lines = [`${id}: ${written ? 'written' : 'would be written'} for ${architecture}: ${message}`, `  urls  ${after.urls}`]
  if (after.url !== before.url) lines.push(`  url   ${after.url}`, `        instead of ${before.url}`)
  return lines.map(masked).join('\n')
}

const masked = (line: string) => harmless(maskSecrets(line))

type BackfillCounts = Record<'written' | 'proven' | 'unproven' | 'refused', number>

function sumOf({ written, proven, unproven, refused }: BackfillCounts, write: boolean): string {
  if (!write) return `${proven} would be written, ${unproven} not proven; nothing was written, which takes --write`
  return `${written} written, ${unproven} not proven${refused > 0 ? `, ${refused} changed meanwhile: run it again` : ''}`
}
