import type { ReleaseView } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { misuse } from '../client/api-error.ts'
import { changeOf, changeOptions, clientCommand, output, textOf } from '../client/client-command.ts'
import { readIds } from '../client/templates.ts'
import { exit, say } from '../terminal/command.ts'
import { counted } from '../terminal/terminal.ts'

export const release = clientCommand({
  usage: 'release NAME (--from CHANNEL | --set FILE) [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description: `Freezes the set of a channel, or the images whose ids are in FILE, with their digests, and prints the link to hand out. The name never means
anything else: the same images again change nothing, others are refused. What a release names is never cleaned up.`,
  options: {
    from: { type: 'string', help: 'the channel' },
    set: { type: 'string', help: 'a file with the ids of the images, or - for standard input' },
    ...changeOptions
  },
  examples: [{ command: 'leporello release 2026.1 --from current-passed-ci', does: 'freeze what passed, and print its link' }],
  needs: ['the name of the release'],
  maxPositionals: 1,
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
    return exit.done
  }
})
