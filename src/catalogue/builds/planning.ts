import { type ManifestListInput, manifestListOf } from '../../domain/build/manifest-list.ts'
import { baseWarnings, type Plan, parsePlanRequest, planOf } from '../../domain/build/plan.ts'
import { type ContainerRecord, emptyRecord } from '../../domain/container/document.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Facts, ImageKey } from '../../domain/image/facts.ts'
import { tagNameOf } from '../../domain/oci/names.ts'
import { type Lookup, namesIn, needsOf, type SpecNeeds, withImageUrls } from '../../domain/specs/spec-needs.ts'
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

export function createPlanning({ changes, facts, buildStatuses, siteRules, stores, now }: BuildsContext, baseImages: BaseImages): Planning {
  const lookup = async (needs: SpecNeeds): Promise<Lookup> =>
    new Map(await Promise.all(namesIn(needs).map(async (name) => [name, await withFacts(name)] as const)))

  async function withFacts(id: string): Promise<{ record: ContainerRecord; known: Map<ImageKey, Facts> } | undefined> {
    const known = await changes.find(id)
    return known && { record: known.record, known: await currentFacts(facts, known.record) }
  }

  return {
    async plan(request) {
      const { container, sourcesFor } = parsePlanRequest(request)
      const [found, buildStatus] = await Promise.all([withFacts(container), buildStatuses.find(container)])
      const { record, known: facts } = found ?? { record: emptyRecord(container), known: new Map<ImageKey, Facts>() }
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
      const needs = needsOf(stored.document)
      return specReport(needs, await lookup(needs))
    },

    async filled(spec) {
      const found = await lookup(needsOf(spec))
      return found.size === 0 ? spec : withImageUrls(spec, found)
    }
  }
}
