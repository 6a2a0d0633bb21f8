import {
  containerfileKey,
  digestOfContainerfile,
  fromContainerfileDocument,
  toContainerfileDocument,
  withContainerfile
} from '../../domain/build/containerfile.ts'
import type { JobWord, SentWord } from '../../domain/build/job-report.ts'
import { createDigestFilter, type DigestFilter, digestsIn } from '../../domain/oci/digest-filter.ts'
import { pagesOf } from '../../domain/pages.ts'
import { overtaken, writeUnlessOvertaken } from '../jobs/compare-and-swap.ts'
import { type GoOn, takeTurn } from '../jobs/turns.ts'
import type { BuildsParts } from './parts.ts'

/** The Containerfiles that builds bring: each is kept once, by its digest, as long as a build status names it. */
export interface Containerfiles {
  /** Keeps the Containerfile of a report, before the report that names it. Returns the report with its digest in place of its text. */
  take(word: SentWord, options: { dryRun?: boolean | undefined }): Promise<JobWord>
  /** Removes those that no build status names and no report brought within a day. Returns undefined when it is not its turn. */
  sweep(options: { everyMs: number; signal: AbortSignal }): Promise<number | undefined>
}

/** What was brought within this time is not removed: its report may be on its way. */
const graceMs = 24 * 3_600_000
/** What is brought again is noted at most so often. */
const touchMs = 3_600_000

export function createContainerfiles(parts: BuildsParts): Containerfiles {
  const { hash } = parts
  return {
    async take({ containerfile: text, ...plain }, { dryRun }) {
      if (text === undefined) return plain
      const { word, digest } = withContainerfile(plain, { text, hash })
      if (!dryRun) await keep(parts, { digest, text })
      return word
    },
    sweep: (options) => takeTurn(parts, { name: 'containerfiles', ...options, work: (goOn) => sweepAll(parts, goOn) })
  }
}

const ageOf = ({ now }: BuildsParts, touched: string): number => now().getTime() - Date.parse(touched)

async function keep(parts: BuildsParts, { digest, text }: { digest: string; text: string }): Promise<void> {
  const store = parts.stores.releases
  const id = containerfileKey(digest)
  const document = toContainerfileDocument({ digest, text, touched: parts.now().toISOString() })
  // most builds bring what an earlier one brought
  const stored = await store.get(id)
  if (stored && ageOf(parts, fromContainerfileDocument(stored.document).touched) < touchMs) return
  const written = await writeUnlessOvertaken(store, { id, document, revision: stored?.revision })
  // another report brought it, or the clean-up removed it, a moment ago
  if (written === overtaken) await store.put(id, document)
}

async function sweepAll(parts: BuildsParts, goOn: GoOn): Promise<number> {
  const named = await namedDigests(parts, goOn)
  let removed = 0
  for await (const batch of parts.stores.releases.scan([])) {
    for (const { id } of batch) {
      const digest = digestOfContainerfile(id)
      if (digest !== undefined && !named.has(digest) && (await removeOld(parts, id))) removed++
    }
    await goOn()
  }
  return removed
}

/** What is brought from now on is too young to be removed, so it need not be found here. */
async function namedDigests({ stores }: BuildsParts, goOn: GoOn): Promise<DigestFilter> {
  const named = createDigestFilter()
  for await (const { items } of pagesOf(stores.buildStatuses.list, { limit: 500 })) {
    for (const { document } of items) for (const digest of digestsIn(document)) named.add(digest)
    await goOn()
  }
  return named
}

async function removeOld(parts: BuildsParts, id: string): Promise<boolean> {
  const store = parts.stores.releases
  const stored = await store.get(id)
  if (!stored || ageOf(parts, fromContainerfileDocument(stored.document).touched) < graceMs) return false
  // overtaken where a report brought it again
  return (await writeUnlessOvertaken(store, { id, document: undefined, revision: stored.revision })) !== overtaken
}
