import { maskSecrets } from '../../domain/secrets.ts'
import { type CopiedCollection, type CopyCount, type CopyOptions, copyDocuments, using } from '../../opening.ts'
import { attempt, print, textOf } from '../client/client-command.ts'
import { type CopyPlace, type OpenPlace, openPlace, placeOf } from '../client/places.ts'
import { type Command, complain, exit, harmless, missing, misuse, say, type Values } from '../terminal/terminal.ts'

export const copy: Command = {
  usage: 'copy --from PLACE --to PLACE [--overwrite] [--dry-run] [--json]',
  description: `Copies containers, job specs and hysds-ios byte for byte from one store to another, with what Leporello knows about them; then reads
both again and compares. PLACE is a data directory (the embedded store), the URL of Elasticsearch or OpenSearch (with the settings
LEPORELLO_ENGINE_USERNAME and so on), or, to copy from, the URL of a Mozart. Tarballs stay where they are.

It may be interrupted and repeated: documents that are there already are skipped. Where another document has the same id, it is left,
because it may be newer; a copy of an earlier run that nobody changed is updated.

Exit status: 0 everything is there, 1 something differs or was refused, 64 usage, 69 server not reachable.`,
  options: {
    from: { type: 'string', help: 'the place to copy from; it is only read' },
    to: { type: 'string', help: 'the place to copy to' },
    overwrite: { type: 'boolean', help: 'also replace documents that differ' },
    'dry-run': { type: 'boolean', help: 'tell what would be copied, and write nothing' },
    json: { type: 'boolean', help: 'print the outcome as JSON' }
  },
  examples: [
    ['leporello copy --from ./data --to http://127.0.0.1:9200', 'move from the embedded store to an engine'],
    ['leporello copy --from http://mozart:8888 --to ./data --dry-run', 'tell what an old Mozart has that is not here']
  ],
  run: ({ values }) => attempt({ values, name: 'copy' }, () => run(values))
}

async function run(values: Values): Promise<number> {
  const [from, to] = await Promise.all([placeGiven(values, 'from'), placeGiven(values, 'to')])
  if (from.absent) throw misuse(`--from is ${from.name}, which has no leporello.db; expected the data directory of an embedded store`)
  if (to.kind === 'mozart') throw misuse(`--to is ${to.name}, which is not an engine; expected a data directory or the URL of an engine`)
  if (from.url === to.url) throw misuse('--from and --to are the same place')
  const dryRun = values['dry-run'] === true
  return using(openPlace(from, { write: false }), (source) =>
    using(dryRun && to.absent ? undefined : openPlace(to, { write: !dryRun }), (target) =>
      copyBetween({ from, to, source, target }, { ...values, dryRun })
    )
  )
}

const placeGiven = async (values: Values, name: 'from' | 'to'): Promise<CopyPlace> =>
  placeOf(textOf(values, name) ?? missing(`expected --${name}`), `--${name}`)

type CopyPlaces = { from: CopyPlace; to: CopyPlace; source: OpenPlace; target: OpenPlace | undefined }

type CopyCounts = Partial<Record<CopiedCollection, CopyCount>>

/** More are printed with --json only. */
const shownLeft = 20
/** More are only counted. */
const maxLeft = 1000

async function copyBetween({ from, to, source, target }: CopyPlaces, values: Values & { dryRun: boolean }): Promise<number> {
  const { dryRun } = values
  const json = values['json'] === true
  const showsProgress = process.stderr.isTTY && !json
  const left: { collection: string; id: string; why: string }[] = []
  let leftOut = 0
  const options: Omit<CopyOptions, 'hash' | 'now'> = {
    dryRun,
    overwrite: values['overwrite'] === true,
    reason: `copied from ${from.name}`,
    onLeft(collection, document) {
      if (left.length < maxLeft) left.push({ collection: names[collection], ...document, why: maskSecrets(document.why) })
      else leftOut += 1
    },
    ...(showsProgress && { onProgress: showProgress })
  }
  const places = { source: source.source, target: target?.stores }
  const counts = await copyDocuments(places, options)
  const verified = dryRun ? undefined : await copyDocuments(places, { dryRun: true, overwrite: false, reason: '' })
  if (showsProgress) process.stderr.write('\r\u001b[K')
  const whole = isWhole(verified ?? counts, dryRun)
  if (json) {
    print({ from: from.name, to: to.name, dryRun, whole, counts, verified: verified ?? null, left, leftOut })
  } else {
    for (const line of summaryLines(counts, dryRun)) say(line)
    for (const { collection, id, why } of left.slice(0, shownLeft)) complain(harmless(`leporello: ${collection} ${id}: ${why}`))
    const more = left.length + leftOut - shownLeft
    if (more > 0) complain(`leporello: and ${more} more`)
    if (verified && whole) say(`Verified: ${to.name} has every document of ${from.name}, byte for byte.`)
    else if (!whole) complain(words(dryRun))
  }
  return whole ? exit.done : exit.wrong
}

const words = (dryRun: boolean) =>
  dryRun
    ? 'leporello: some documents would not be copied; --overwrite replaces those that differ'
    : 'leporello: the two places differ; run it again to copy what was written meanwhile, and with --overwrite to replace what differs'

/** Whether nothing is left to copy, or in a dry run, whether everything can be copied. */
const isWhole = (counts: CopyCounts, dryRun: boolean) =>
  Object.values(counts).every(({ kept, refused, created, updated }) => kept + refused === 0 && (dryRun || created + updated === 0))

const names: Record<CopiedCollection, string> = {
  containers: 'containers',
  jobSpecs: 'job specs',
  hysdsIos: 'hysds-ios',
  facts: 'facts',
  buildStatuses: 'assemblies',
  releases: 'releases',
  oci: 'registry',
  journal: 'journal'
}

function summaryLines(counts: CopyCounts, dryRun: boolean): string[] {
  return Object.entries(counts).map(([collection, { created, updated, same, kept, refused }]) => {
    const done = dryRun ? 'to copy' : 'copied'
    const parts = [
      `${created + updated} ${done}`,
      `${same} there already`,
      ...(kept > 0 ? [kept === 1 ? '1 differs and was left' : `${kept} differ and were left`] : []),
      ...(refused > 0 ? [`${refused} refused`] : [])
    ]
    return `${names[collection as CopiedCollection].padEnd(11)} ${parts.join(', ')}`
  })
}

function showProgress(collection: CopiedCollection, { created, updated, same, kept, refused }: CopyCount): void {
  process.stderr.write(`\r\u001b[K${names[collection]}: ${created + updated + same + kept + refused}`)
}
