import { type CopiedCollection, type CopyCount, type CopyOptions, copyDocuments } from '../../app.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { misuse } from '../client/api-error.ts'
import { attempt, print, textOf } from '../client/client-command.ts'
import { type CopyPlace, type OpenPlace, openPlace, placeOf } from '../client/places.ts'
import { type Command, complain, exit, say, type Values } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

export const copy: Command = {
  usage: 'copy --from PLACE --to PLACE [--overwrite] [--dry-run] [--json]',
  description: `Copies containers, job specs and hysds-ios byte for byte, and what Leporello knows beside them, from one store to another; then
reads both again and compares. PLACE is a data directory (the embedded store), the URL of Elasticsearch or OpenSearch (with the settings
LEPORELLO_ENGINE_USERNAME and so on), or, to copy from, the URL of a Mozart. Tarballs stay where they are.

It may be interrupted and repeated: what is there already is passed over. Where another document stands under the same id, that one is
left, because it may be newer; a copy of an earlier run that nobody changed is brought up to date.

Exit status: 0 all is there, 1 something differs or was refused, 64 usage, 69 a server not reachable.`,
  options: {
    from: { type: 'string', help: 'the place to copy from; it is only read' },
    to: { type: 'string', help: 'the place to copy to' },
    overwrite: { type: 'boolean', help: 'replace also documents that stand there and differ' },
    'dry-run': { type: 'boolean', help: 'say what would be done, and write nothing' },
    json: { type: 'boolean', help: 'the outcome as JSON' }
  },
  examples: [
    { command: 'leporello copy --from ./data --to http://127.0.0.1:9200', does: 'move from the embedded store to an engine' },
    { command: 'leporello copy --from http://mozart:8888 --to ./data --dry-run', does: 'say what an old Mozart has that is not here' }
  ],
  maxPositionals: 0,
  run: ({ values }) => attempt({ values, name: 'copy' }, () => run(values))
}

async function run(values: Values): Promise<number> {
  const [from, to] = await Promise.all([placeGiven(values, 'from'), placeGiven(values, 'to')])
  if (from.absent) throw misuse(`--from is ${from.name}, where there is no leporello.db`)
  if (to.kind === 'mozart') throw misuse(`--to is ${to.name}, which is no engine; expected a data directory or the URL of an engine`)
  if (from.url === to.url) throw misuse('--from and --to are the same place')
  const dryRun = values['dry-run'] === true
  const source = await openPlace(from, { write: false })
  try {
    const target = dryRun && to.absent ? undefined : await openPlace(to, { write: !dryRun })
    try {
      return await copyBetween({ from, to, source, target }, { ...values, dryRun })
    } finally {
      await target?.close()
    }
  } finally {
    await source.close()
  }
}

function placeGiven(values: Values, name: 'from' | 'to'): Promise<CopyPlace> {
  const text = textOf(values, name)
  if (text === undefined) throw misuse(`expected --${name}`)
  return placeOf(text, `--${name}`)
}

interface Places {
  from: CopyPlace
  to: CopyPlace
  source: OpenPlace
  target: OpenPlace | undefined
}

type Counts = Partial<Record<CopiedCollection, CopyCount>>
/** More of them is a matter for --json and grep. */
const shownLeft = 20

async function copyBetween({ from, to, source, target }: Places, values: Values & { dryRun: boolean }): Promise<number> {
  const { dryRun } = values
  const json = values['json'] === true
  const left: { collection: string; id: string; why: string }[] = []
  let leftOut = 0
  const options: Omit<CopyOptions, 'hash' | 'now'> = {
    dryRun,
    overwrite: values['overwrite'] === true,
    reason: `copied from ${from.name}`,
    onLeft(collection, one) {
      if (left.length < 1000) left.push({ collection: names[collection], ...one, why: maskSecrets(one.why) })
      else leftOut += 1
    },
    ...(process.stderr.isTTY && !json && { onProgress: showProgress })
  }
  const stores = target?.stores
  const counts = await copyDocuments({ source: source.source, target: stores }, options)
  const verified = dryRun
    ? undefined
    : await copyDocuments({ source: source.source, target: stores }, { dryRun: true, overwrite: false, reason: '' })
  if (process.stderr.isTTY && !json) process.stderr.write('\r\u001b[K')
  const whole = isWhole(verified ?? counts, dryRun)
  if (json) {
    print({ from: from.name, to: to.name, dryRun, whole, counts: counts, verified: verified ?? null, left, leftOut })
  } else {
    for (const line of summaryLines(counts, dryRun)) say(line)
    for (const { collection, id, why } of left.slice(0, shownLeft)) complain(harmless(`leporello: ${collection} ${id}: ${why}`))
    if (left.length + leftOut > shownLeft) complain(`leporello: and ${left.length + leftOut - shownLeft} more`)
    if (verified && whole) say(`Verified: ${to.name} has every document of ${from.name}, byte for byte.`)
    else if (!whole) complain(words(dryRun))
  }
  return whole ? exit.done : exit.wrong
}

const words = (dryRun: boolean) =>
  dryRun
    ? 'leporello: some of it would not be copied; --overwrite replaces documents that differ'
    : 'leporello: the two places differ; run it again to catch up with what was written meanwhile, and with --overwrite to replace what differs'

/** After copying, nothing more is to be done; before, nothing stands in the way. */
const isWhole = (counts: Counts, dryRun: boolean) =>
  Object.values(counts).every(({ kept, refused, created, updated }) => kept + refused === 0 && (dryRun || created + updated === 0))

const names: Record<CopiedCollection, string> = {
  containers: 'containers',
  jobSpecs: 'job specs',
  hysdsIos: 'hysds-ios',
  facts: 'facts',
  buildStatuses: 'assemblies',
  journal: 'journal'
}

function summaryLines(counts: Counts, dryRun: boolean): string[] {
  return Object.entries(counts).map(([collection, { created, updated, same, kept, refused }]) => {
    const done = dryRun ? 'to copy' : 'copied'
    const parts = [
      `${created + updated} ${done}`,
      `${same} there already`,
      ...(kept > 0 ? [`${kept} differ and were left`] : []),
      ...(refused > 0 ? [`${refused} refused`] : [])
    ]
    return `${names[collection as CopiedCollection].padEnd(11)} ${parts.join(', ')}`
  })
}

function showProgress(collection: CopiedCollection, { created, updated, same, kept, refused }: CopyCount): void {
  process.stderr.write(`\r\u001b[K${names[collection]}: ${created + updated + same + kept + refused}`)
}
