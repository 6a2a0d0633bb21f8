import type { Record } from '../domain/document.ts'
import { fromDocument } from '../domain/document.ts'
import { CatalogueError } from '../domain/errors.ts'
import type { Facts, Slot } from '../domain/facts.ts'
import { type ManifestList, type ManifestListFormat, manifestListOf } from '../domain/manifest-list.ts'
import { parsePlanRequest, planOf, type Step } from '../domain/plan.ts'
import { type Lookup, needsOf, withImageUrls } from '../domain/spec-needs.ts'
import { type SpecReport, specReport } from '../domain/spec-report.ts'
import type { DocumentStore } from '../stores/document-store.ts'
import type { Assemblies } from './assemblies.ts'
import type { Changes } from './changes.ts'
import { type FactsBook, knownOf } from './facts.ts'
import type { Rulebook } from './rulebook.ts'

/** What follows from what is known, and changes nothing. */
export interface Planning {
  /** What is to be built and what can be reused. Throws parameter_invalid. */
  plan(request: unknown): Promise<{ container: string; steps: Step[] }>
  /** Throws container_unknown. */
  manifest(id: string, format: ManifestListFormat): Promise<ManifestList>
  /** On which architectures a job can run. Throws spec_unknown. */
  specReport(id: string): Promise<SpecReport>
  /** A job spec with the `urls` of its dependency images that the catalogue has. */
  filled(spec: string): Promise<string>
}

export interface PlanningParts {
  changes: Pick<Changes, 'find' | 'read'>
  facts: FactsBook
  assemblies: Pick<Assemblies, 'find'>
  rulebook: Rulebook
  jobSpecs: Pick<DocumentStore, 'get'>
  now: () => Date
}

/** A spec names a few; more are not looked up. */
const maxNames = 257

export function createPlanning({ changes, facts, assemblies, rulebook, jobSpecs, now }: PlanningParts): Planning {
  async function lookup(names: readonly string[]): Promise<Lookup> {
    const unique = [...new Set(names)].slice(0, maxNames)
    const found = await Promise.all(unique.map(async (name) => [name, await withFacts(name)] as const))
    return new Map(found)
  }

  async function withFacts(id: string): Promise<{ record: Record; known: Map<Slot, Facts> } | undefined> {
    const known = await changes.find(id)
    return known && { record: known.record, known: await knownOf(facts, known.record) }
  }

  const namesIn = (spec: string): string[] => {
    const { container, dependencies } = needsOf(spec)
    return [container, ...dependencies.map(({ name }) => name)].filter((name) => name !== null)
  }

  return {
    async plan(request) {
      const { container, sourcesFor } = parsePlanRequest(request)
      const [found, assembly] = await Promise.all([withFacts(container), assemblies.find(container)])
      const { record, known } = found ?? { record: fromDocument(container, '{}'), known: new Map<Slot, Facts>() }
      const sources = sourcesFor(rulebook.expectedOf(container, assembly).architectures)
      const { buildTimeoutMs } = rulebook.policiesOf(container)
      return { container, steps: planOf({ sources, record, known, assembly, buildTimeoutMs, now: now().toISOString() }) }
    },

    async manifest(id, format) {
      const { record } = await changes.read(id)
      return manifestListOf(record, { known: await knownOf(facts, record), format })
    },

    async specReport(id) {
      const stored = await jobSpecs.get(id)
      if (!stored) throw new CatalogueError('spec_unknown', `job spec not found: ${id}`)
      return specReport(needsOf(stored.document), await lookup(namesIn(stored.document)))
    },

    async filled(spec) {
      const names = namesIn(spec)
      return names.length === 0 ? spec : withImageUrls(spec, await lookup(names))
    }
  }
}
