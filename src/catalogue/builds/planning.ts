import { type ManifestList, type ManifestListFormat, manifestListOf } from '../../domain/build/manifest-list.ts'
import { parsePlanRequest, planOf, type Step } from '../../domain/build/plan.ts'
import type { ContainerRecord } from '../../domain/container/document.ts'
import { fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Facts, ImageKey } from '../../domain/image/facts.ts'
import { type Lookup, needsOf, withImageUrls } from '../../domain/specs/spec-needs.ts'
import { type SpecReport, specReport } from '../../domain/specs/spec-report.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { Changes } from '../records/changes.ts'
import { currentFacts, type FactsStore } from '../verification/image-facts.ts'
import type { BuildStatuses } from './build-statuses.ts'
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
  facts: FactsStore
  buildStatuses: Pick<BuildStatuses, 'find'>
  rulebook: Rulebook
  jobSpecs: Pick<DocumentStore, 'get'>
  now: () => Date
}

/** A spec names a few; more are not looked up. */
const maxNames = 257

export function createPlanning({ changes, facts, buildStatuses, rulebook, jobSpecs, now }: PlanningParts): Planning {
  async function lookup(names: readonly string[]): Promise<Lookup> {
    const unique = [...new Set(names)].slice(0, maxNames)
    const found = await Promise.all(unique.map(async (name) => [name, await withFacts(name)] as const))
    return new Map(found)
  }

  async function withFacts(id: string): Promise<{ record: ContainerRecord; known: Map<ImageKey, Facts> } | undefined> {
    const known = await changes.find(id)
    return known && { record: known.record, known: await currentFacts(facts, known.record) }
  }

  const namesIn = (spec: string): string[] => {
    const { container, dependencies } = needsOf(spec)
    return [container, ...dependencies.map(({ name }) => name)].filter((name) => name !== null)
  }

  return {
    async plan(request) {
      const { container, sourcesFor } = parsePlanRequest(request)
      const [found, buildStatus] = await Promise.all([withFacts(container), buildStatuses.find(container)])
      const { record, known } = found ?? { record: fromDocument(container, '{}'), known: new Map<ImageKey, Facts>() }
      const sources = sourcesFor(rulebook.expectedOf(container, buildStatus).architectures)
      const { buildTimeoutMs } = rulebook.policiesOf(container)
      return { container, steps: planOf({ sources, record, known, buildStatus, buildTimeoutMs, now: now().toISOString() }) }
    },

    async manifest(id, format) {
      const { record } = await changes.read(id)
      return manifestListOf(record, { known: await currentFacts(facts, record), format })
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
