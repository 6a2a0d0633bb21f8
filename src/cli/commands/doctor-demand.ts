import { type Diagnosis, diagnosis } from '../../domain/container/diagnosis.ts'
import type { ArchitecturesAnswer, ContainerView } from '../../schemas.ts'
import { type Api, pathOf } from '../client/api.ts'

const days = 7
/** How many containers of an architecture are checked, the most often refused ones first. */
const maxContainers = 20

/** Containers that machines of an architecture were refused, and that still have no image for it: any, or those in `ids`. */
export async function demandFindings(api: Api, ids?: readonly string[]): Promise<Diagnosis[]> {
  const { status, value } = await api.answer({ path: '/api/v1/architectures', query: { days }, statuses: [503] })
  // the check of the server's readiness reports what is wrong with the store
  if (status === 503) return []
  const { since, architectures } = value as ArchitecturesAnswer
  const found: Diagnosis[] = []
  for (const { architecture, lacking } of architectures) {
    const chosen = ids ? lacking.filter(({ container }) => ids.includes(container)) : lacking.slice(0, maxContainers)
    for (const { container, refused } of chosen) {
      if (await lacks(api, { container, architecture })) found.push(lackingFinding({ container, architecture, refused, since }))
    }
  }
  return found
}

async function lacks(api: Api, { container, architecture }: { container: string; architecture: string }): Promise<boolean> {
  const { status, value } = await api.answer({ path: pathOf`/api/v1/containers/${container}`, statuses: [404] })
  if (status === 404) return false
  const { images } = value as ContainerView
  // a container without images gives every machine its url
  return Object.keys(images).length > 0 && !Object.hasOwn(images, architecture)
}

interface UnmetDemand {
  container: string
  architecture: string
  refused: number
  since: string
}

const lackingFinding = ({ container, architecture, refused, since }: UnmetDemand) =>
  diagnosis('note', container)('asked_for_in_vain', {
    architecture,
    message: `since ${since} machines asked ${refused === 1 ? 'once' : `${refused} times`} for an image for ${architecture}, and there is none`,
    meaning: 'Jobs for this container cannot run on such machines.',
    advice: `Build the image, and make it show as missing until then: leporello expect ${container} … ${architecture}; or keep such machines away from its jobs.`
  })
