import { uniqueInTableOrder } from '../../domain/architecture.ts'
import { currentImages } from '../../domain/build/state.ts'
import { type ContainerRecord, urlOf } from '../../domain/container/document.ts'
import type { Facts } from '../../domain/image/facts.ts'
import { containersNamed, diffIdsOf } from '../../domain/image/layer-stack.ts'
import type { ImageReport } from '../../schemas.ts'
import { currentFacts } from '../verification/image-facts.ts'
import type { BuildsContext } from './parts.ts'

/** The container whose image another image was built on; `missing`: what is expected of the container and its base has no image for. */
type BaseContainer = NonNullable<ImageReport['base']>

export interface BaseImages {
  /** Returns the container that an image of `id` was built on; undefined when neither its labels nor its layers identify one. */
  of(id: string, facts: Facts): Promise<BaseContainer | undefined>
}

export function createBaseImages(parts: BuildsContext): BaseImages {
  return {
    async of(id, facts) {
      const named = await byLabel(parts, id, facts)
      const base = named ?? (await byLayers(parts, id, facts))
      if (!base) return undefined
      const images = currentImages(base, await currentFacts(parts.facts, base))
      const architectures = uniqueInTableOrder(images.keys())
      const expected = parts.siteRules.expectedOf(id, await parts.buildStatuses.find(id)).architectures
      const missing = expected.filter((architecture) => !images.has(architecture))
      return { container: base.id, by: named ? 'label' : 'layers', architectures, missing }
    }
  }
}

async function byLabel({ changes }: BuildsContext, id: string, facts: Facts): Promise<ContainerRecord | undefined> {
  const images = (facts.report?.images ?? []) as { base?: { name?: string | null } | null }[]
  for (const name of images.flatMap(({ base }) => (base?.name ? containersNamed(base.name) : [])).slice(0, 6)) {
    const found = name === id ? undefined : await changes.find(name)
    if (found) return found.record
  }
  return undefined
}

async function byLayers({ changes, facts: store }: BuildsContext, id: string, facts: Facts): Promise<ContainerRecord | undefined> {
  const stack = await store.lowerStack(id, diffIdsOf(facts))
  const found = stack && (await changes.find(stack.container))
  return found && urlOf(found.record, stack.imageKey) === stack.url ? found.record : undefined
}
