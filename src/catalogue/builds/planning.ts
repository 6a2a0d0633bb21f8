import { type ManifestListInput, manifestListOf } from '../../domain/build/manifest-list.ts'
import { baseWarnings, type Plan, parsePlanRequest, planOf } from '../../domain/build/plan.ts'
import { type ContainerRecord, fromDocument } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Facts, ImageKey } from '../../domain/image/facts.ts'
import { tagNameOf } from '../../domain/oci/names.ts'
import { type Lookup, needsOf, withImageUrls } from '../../domain/specs/spec-needs.ts'
import { specReport } from '../../domain/specs/spec-report.ts'
import type { ManifestList, SpecReport } from '../../schemas.ts'
import { currentFacts } from '../verification/image-facts.ts'
import type { BaseImages } from './base-images.ts'
import type { BuildsContext } from './parts.ts'

/** Answers derived from records, facts and build statuses, without changing anything. */
export interface Planning {
  /** Returns which images must be built and which can be reused. Throws parameter_invalid. */
  plan(request: unknown): Promise<Plan>
  /** Returns the manifest list of a container. Throws container_unknown. */
  manifest(id: string, options: Pick<ManifestListInput, 'format' | 'pushed'>): Promise<ManifestList>
  /** Returns the architectures on which a job can run. Throws spec_unknown. */
  specReport(id: string): Promise<SpecReport>
  /** Returns a job specification with the `urls` of its dependency images, where the catalogue has them. */
  filled(spec: string): Promise<string>
}

/** The most names in a job specification that are looked up; usually there are a few. */
const maxNames = 257

export function createPlanning({ changes, facts, buildStatuses, siteRules, stores, now }: BuildsContext, baseImages: BaseImages): Planning {
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
      const { record, known: facts } = found ?? { record: fromDocument(container, '{}'), known: new Map<ImageKey, Facts>() }
      const sources = sourcesFor(siteRules.expectedOf(container, buildStatus).architectures)
      const { buildTimeoutMs } = siteRules.policiesOf(container)
      const steps = planOf({ sources, record, facts, buildStatus, buildTimeoutMs, now: now().toISOString() })
      const built = [...facts.values()].find(({ report }) => report !== null)
      const base = built && steps.some(({ action }) => action === 'build') ? await baseImages.of(container, built) : undefined
      return { container, steps, warnings: base ? baseWarnings(steps, base) : [] }
    },

    async manifest(id, { format, pushed }) {
      const { record } = await changes.read(id)
      const name = tagNameOf(id)
      const notPullable = 'why' in name ? name.why : undefined
      return manifestListOf(record, { facts: await currentFacts(facts, record), format, pushed, notPullable })
    },

    async specReport(id) {
      const stored = await stores.jobSpecs.get(id)
      if (!stored) throw new CatalogueError('spec_unknown', `job spec not found: ${id}`)
      return specReport(needsOf(stored.document), await lookup(namesIn(stored.document)))
    },

    async filled(spec) {
      const names = namesIn(spec)
      return names.length === 0 ? spec : withImageUrls(spec, await lookup(names))
    }
  }
}
