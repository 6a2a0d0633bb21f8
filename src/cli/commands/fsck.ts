import type { Config } from '../../config/config.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { withUpkeep } from '../../opening.ts'
import type { FsckFinding, FsckLine, FsckNote, FsckSummary } from '../../schemas.ts'
import { type Api, apiFor, serverOptions } from '../client/api.ts'
import { configured, failure, textOf } from '../client/client-command.ts'
import { type Command, complain, counted, exit, harmless, misuse, say } from '../terminal/terminal.ts'

/** A line of the answer, or why there are no more. */
type StreamedLine = FsckLine | { type: 'failed'; message: string }

const kinds: Record<FsckFinding['kind'], string> = {
  missing: 'a record names a tarball of our store that does not exist',
  changed: 'a tarball whose bytes differ from those that were stored or proven',
  orphaned: 'an uploaded tarball that no record names',
  unnamed: 'a file that was put by path and that no record names',
  'half-uploaded': 'the rest of a killed upload, or an expired upload',
  'facts-about-nothing': 'facts about an image that no record names',
  'tasks-about-nothing': 'a task about an image that no record names'
}

export const fsck: Command = {
  usage: 'fsck [--deep] [--repair KIND,…] [--url URL] [--json]',
  description: `Compares records, facts about their images, and tarballs. Explains what does not match and what to do. It changes nothing without
--repair, and may run during uploads.

With --url or LEPORELLO_URL the running server does it; otherwise this program opens the stores itself, configured as for serve. Only one
process can open the embedded store: while the server runs, use --url.

Kinds:
${Object.entries(kinds)
  .map(([kind, what]) => `  ${kind.padEnd(20)} ${what}`)
  .join('\n')}

Exit status: 0 clean, or everything repaired, 1 findings, 64 usage, 69 server not reachable.`,
  options: {
    deep: { type: 'boolean', help: 'read every byte of every tarball' },
    repair: {
      type: 'string',
      help: 'repair findings of these kinds (comma list), except recent ones, and those within LEPORELLO_DELETE_GRACE'
    },
    ...serverOptions,
    url: { ...serverOptions.url, help: 'let this server do it; default: LEPORELLO_URL; without both, no server' },
    json: { type: 'boolean', help: 'print one JSON document' }
  },
  examples: [
    ['leporello fsck', 'check the stores while the server is stopped'],
    ['leporello fsck --url http://127.0.0.1:8888 --repair half-uploaded,orphaned', 'let the running server clean up']
  ],
  run: configured('fsck', async (config, { values }) => {
    const repair = textOf(values, 'repair')?.split(',').filter(Boolean) ?? []
    const unknown = repair.find((kind) => !Object.hasOwn(kinds, kind))
    if (unknown !== undefined) throw misuse(`--repair has ${JSON.stringify(unknown)}; expected some of ${Object.keys(kinds).join(', ')}`)
    const request: FsckRequest = { deep: values['deep'] === true, repair: repair as FsckFinding['kind'][] }
    const write = values['json'] === true ? jsonWriter() : textWriter
    if (textOf(values, 'url') === undefined && !config.client.chosen) return checkStores(config, request, write)
    return writeLines(linesOf(apiFor(config, { values }), request), write)
  })
}

type FsckRequest = { deep: boolean; repair: FsckFinding['kind'][] }

async function* linesOf(api: Api, { deep, repair }: FsckRequest): AsyncGenerator<StreamedLine> {
  const query = { deep: deep || undefined, repair: repair.join(',') || undefined }
  for await (const line of api.lines({ method: repair.length > 0 ? 'POST' : 'GET', path: '/api/v1/fsck', query })) {
    yield JSON.parse(line) as StreamedLine
  }
}

async function checkStores(config: Config, { deep, repair }: FsckRequest, write: FsckWriter): Promise<number> {
  try {
    const { signal } = new AbortController()
    const options = { deep, repair: new Set(repair), publicUrl: config.publicUrl, signal }
    return await withUpkeep(config, (upkeep) => writeLines(upkeep.fsck(options), write))
  } catch (error) {
    const hint = /is in use by/.test((error as Error).message) ? '; or let the running server do it, with --url' : ''
    complain(`leporello: ${failure(error, config)}${hint}`)
    return exit.wrong
  }
}

type FsckWriter = { line(line: FsckFinding | FsckNote): void; end(summary: FsckSummary): void }

async function writeLines(lines: AsyncIterable<StreamedLine>, write: FsckWriter): Promise<number> {
  for await (const line of lines) {
    if (line.type === 'failed') throw new Error(line.message)
    if (line.type !== 'summary') write.line(line)
    else {
      write.end(line)
      return line.clean ? exit.done : exit.wrong
    }
  }
  throw new Error('the answer ended without a summary')
}

const textWriter: FsckWriter = {
  line: (line) =>
    say(
      line.type === 'note'
        ? `note: ${shown(line.message)}`
        : `${line.kind}: ${shown(line.message)}\n  ${repairs[line.repair]}${shown(line.advice)}`
    ),
  end: ({ clean, found, repaired, checked }) => {
    const nouns = ['container', 'object', 'fact', 'task', 'upload'] as const
    const looked = nouns.map((noun) => counted(checked[`${noun}s`], noun)).join(', ')
    const wrong = Object.entries(found).map(([kind, count]) => `${count} ${kind}`)
    const outcome =
      wrong.length === 0 ? 'clean' : `${wrong.join(', ')}${repaired > 0 ? `; ${repaired} repaired` : ''}${clean ? ': clean now' : ''}`
    say(`${outcome} (${looked})`)
  }
}

const repairs: Record<FsckFinding['repair'], string> = { done: 'repaired: ', possible: '', later: 'not yet: ', none: '' }

/** Prints findings as they arrive, so that no list of them is in memory. */
function jsonWriter(): FsckWriter {
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
