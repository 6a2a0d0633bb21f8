import { openUpkeep } from '../../app.ts'
import type { Config } from '../../config/config.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { createLog } from '../../observability/log.ts'
import type { FsckFinding, FsckNote, FsckSummary } from '../../schemas.ts'
import { type Api, apiFor, serverOptions } from '../client/api.ts'
import { misuse } from '../client/api-error.ts'
import { attempt } from '../client/client-command.ts'
import { failure, withConfig } from '../client/start.ts'
import { type Command, complain, exit, say, type Values } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

type Line = FsckFinding | FsckNote | FsckSummary | { type: 'failed'; message: string }

const kinds: Record<FsckFinding['kind'], string> = {
  missing: 'a record names a tarball of our store that is not there',
  changed: 'the bytes are not those that were stored or proven',
  orphaned: 'a tarball that was uploaded, and that no record names',
  unnamed: 'a file that was put by its path, and that no record names',
  'half-uploaded': 'what killed uploads left, and uploads that have expired',
  'facts-about-nothing': 'what is known of an image that no record names',
  'tasks-about-nothing': 'a task about an image that no record names'
}

export const fsck: Command = {
  usage: 'fsck [--deep] [--repair KIND,…] [--url URL] [--json]',
  description: `Compares records, what is known of their images, and tarballs, and explains what does not fit and what can be done. It changes
nothing unless a repair of a kind is asked for. It may run while uploads come in.

With --url or LEPORELLO_URL the running server does it; otherwise this program opens the stores itself, configured as for serve. The embedded
store can be opened by one process only: while the server runs, ask the server.

Kinds:
${Object.entries(kinds)
  .map(([kind, what]) => `  ${kind.padEnd(20)} ${what}`)
  .join('\n')}

Exit status: 0 clean, or all repaired, 1 findings, 64 usage, 69 the server cannot be reached.`,
  options: {
    deep: { type: 'boolean', help: 'read every byte of every tarball' },
    repair: { type: 'string', help: 'mend findings of these kinds (comma list); what is too young, or within a grace, stays' },
    ...serverOptions,
    url: { ...serverOptions.url, help: 'have the server there do it; default: LEPORELLO_URL, and without both no server' },
    json: { type: 'boolean', help: 'one JSON document' }
  },
  examples: [
    { command: 'leporello fsck', does: 'look, while the server is stopped' },
    { command: 'leporello fsck --url http://127.0.0.1:8888 --repair half-uploaded,orphaned', does: 'have the running server clean up' }
  ],
  maxPositionals: 0,
  run: ({ values }) =>
    withConfig((config) => attempt({ values, name: 'fsck' }, () => run(config, values)), { json: values['json'] === true })
}

async function run(config: Config, values: Values): Promise<number> {
  const repair = typeof values['repair'] === 'string' ? values['repair'].split(',').filter(Boolean) : []
  const unknown = repair.find((kind) => !Object.hasOwn(kinds, kind))
  if (unknown !== undefined) throw misuse(`--repair has ${JSON.stringify(unknown)}; expected some of ${Object.keys(kinds).join(', ')}`)
  const asked: Asked = { deep: values['deep'] === true, repair: repair as FsckFinding['kind'][] }
  const write = values['json'] === true ? jsonWriter() : textWriter()
  if (typeof values['url'] !== 'string' && !config.client.chosen) return direct(config, { asked, write })
  return told(linesOf(apiFor(config, { values }), asked), write)
}

interface Asked {
  deep: boolean
  repair: FsckFinding['kind'][]
}

async function* linesOf(api: Api, { deep, repair }: Asked): AsyncGenerator<Line> {
  const query = { deep: deep || undefined, repair: repair.join(',') || undefined }
  for await (const line of api.lines({ method: repair.length > 0 ? 'POST' : 'GET', path: '/api/v1/fsck', query })) {
    yield JSON.parse(line) as Line
  }
}

async function direct(config: Config, { asked, write }: { asked: Asked; write: Writer }): Promise<number> {
  // what is worth a line in the log is a line here
  const { log } = createLog({ level: 'silent' })
  try {
    const { upkeep, close } = await openUpkeep(config, { log })
    try {
      const { signal } = new AbortController()
      return await told(upkeep.fsck({ deep: asked.deep, repair: new Set(asked.repair), publicUrl: config.publicUrl, signal }), write)
    } finally {
      await close()
    }
  } catch (error) {
    const hint = /is in use by/.test((error as Error).message) ? '; or have the server that runs there do it, with --url' : ''
    complain(`leporello: ${failure(error, config)}${hint}`)
    return exit.wrong
  }
}

interface Writer {
  line(line: FsckFinding | FsckNote): void
  end(summary: FsckSummary): void
}

async function told(lines: AsyncIterable<Line>, write: Writer): Promise<number> {
  for await (const line of lines) {
    if (line.type === 'failed') throw new Error(line.message)
    if (line.type !== 'summary') write.line(line)
    else {
      write.end(line)
      return line.clean ? exit.done : exit.wrong
    }
  }
  throw new Error('the answer ended without a sum')
}

const textWriter = (): Writer => ({
  line: (line) =>
    say(
      line.type === 'note'
        ? `note: ${shown(line.message)}`
        : `${line.kind}: ${shown(line.message)}\n  ${repairs[line.repair]}${shown(line.advice)}`
    ),
  end: ({ clean, found, repaired, checked }) => {
    const looked = `${checked.containers} containers, ${checked.objects} objects, ${checked.facts} facts, ${checked.tasks} tasks, ${checked.uploads} uploads`
    const wrong = Object.entries(found).map(([kind, count]) => `${count} ${kind}`)
    const outcome =
      wrong.length === 0 ? 'clean' : `${wrong.join(', ')}${repaired > 0 ? `; ${repaired} repaired` : ''}${clean ? ': clean now' : ''}`
    say(`${outcome} (${looked})`)
  }
})

const repairs: Record<FsckFinding['repair'], string> = { done: 'repaired: ', possible: '', later: 'not yet: ', none: '' }

/** As they come, so that no list of them has to be held. */
function jsonWriter(): Writer {
  let separator = '{"lines": [\n  '
  return {
    line(line) {
      process.stdout.write(`${separator}${JSON.stringify(line)}`)
      separator = ',\n  '
    },
    end({ type: _, ...summary }) {
      const begun = separator.startsWith('{') ? '{"lines": [' : '\n'
      say(`${begun}], ${JSON.stringify(summary).slice(1)}`)
    }
  }
}

const shown = (text: string) => harmless(maskSecrets(text))
