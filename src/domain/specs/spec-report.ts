import type { SpecImage, SpecReport } from '../../schemas.ts'
import { type Architecture, amd64, knownArchitectures, uniqueInTableOrder } from '../architecture.ts'
import { currentImages } from '../build/state.ts'
import { isGuardUrl } from '../image/guard.ts'
import { cut } from '../json/reading.ts'
import type { Dependency, Lookup, SpecNeeds } from './spec-needs.ts'

/** Returns the architectures that a job can run on: those that each of its images has. An image that nothing is known of excludes none. */
export function specReport({ container, dependencies }: SpecNeeds, lookup: Lookup): SpecReport {
  const images = [containerImage(container, lookup), ...dependencies.map((dependency) => dependencyImage(dependency, lookup))]
  const architectures = shared(images.map((image) => image.architectures))
  const ifFilled = shared(images.map((image) => image.architectures && [...image.architectures, ...image.fillable]))
  const names = (which: (image: SpecImage) => boolean) =>
    images.flatMap((image) => (image.role === 'dependency' && which(image) ? [image.name ?? 'a dependency image without a name'] : []))
  const single = names((image) => image.architectures?.length === 1)
  const unknown = names((image) => image.architectures === null)
  const certain = images.every((image) => image.certain)
  const report = { architectures, ifFilled, certain, images, single, unknown }
  return { ...report, summary: summarised(report) }
}

function shared(lists: readonly (readonly string[] | null)[]): string[] | null {
  const known = lists.filter((list) => list !== null)
  if (known.length === 0) return null
  return uniqueInTableOrder(known[0]!.filter((architecture) => known.every((list) => list.includes(architecture))))
}

function containerImage(name: string | null, lookup: Lookup): SpecImage {
  const image = { role: 'container' as const, name, fillable: [] }
  if (name === null) return { ...image, architectures: null, certain: false, message: 'the specification names no container' }
  const found = lookup.get(name)
  if (found === undefined)
    return { ...image, architectures: [], certain: true, message: `the container ${name} is not registered: the job cannot be sent off` }
  const { architectures, certain } = runnable(found)
  return { ...image, architectures, certain, message: `the container ${name} ${runsOn(architectures, certain)}` }
}

/** A worker loads what the specification says; the catalogue knows what that is. */
function dependencyImage({ name, url, urls }: Dependency, lookup: Lookup): SpecImage {
  const [image, shown] = [{ role: 'dependency' as const, name, fillable: [] }, `the dependency image ${name ?? '(without a name)'}`]
  const found = name === null ? undefined : lookup.get(name)
  const isGuard = (value: string, architecture: Architecture) => name !== null && isGuardUrl(value, { id: name, architecture })
  const listed = [...urls].filter(([architecture, value]) => !isGuard(value, architecture)).map(([architecture]) => architecture)
  if (listed.length > 0) {
    const architectures = uniqueInTableOrder(listed)
    return { ...image, architectures, certain: true, message: `${shown} ${runsOn(architectures, true)}` }
  }
  if (url === null || [...knownArchitectures, ...urls.keys()].some((architecture) => isGuard(url, architecture as Architecture))) {
    const message = `${shown} has no url: it is not known what a worker pulls by its name`
    return { ...image, architectures: null, certain: false, message }
  }
  const own = found && architectureOfUrl(url, found)
  const [architectures, certain] = [[own ?? amd64], own !== undefined]
  const fillable = found && own ? uniqueInTableOrder(runnable(found).architectures.filter((one) => one !== own)) : []
  const hint = fillable.length === 0 ? '' : `; with container_image_urls it would on ${fillable.join(', ')} too`
  return { ...image, architectures, certain, fillable, message: `${shown} ${runsOn(architectures, certain)}${hint}` }
}

const runsOn = (architectures: readonly Architecture[], certain: boolean) =>
  architectures.length === 0
    ? 'has no image that a machine can run'
    : `runs on ${architectures.join(', ')}${certain ? '' : ', as url is what x86_64 machines run; that is not proven'}`

/** Returns the architectures that a record has, without images proven to be for others, broken or gone. */
function runnable({ record, known }: NonNullable<ReturnType<Lookup['get']>>): { architectures: Architecture[]; certain: boolean } {
  const images = [...currentImages(record, known)].filter(
    ([, { facts }]) => facts?.verdict !== 'mislabelled' && facts?.verdict !== 'unreadable' && facts?.status !== 'gone'
  )
  const certain = record.images.size > 0 || record.url === undefined || (known.get('')?.architecture ?? null) !== null
  return { architectures: images.map(([architecture]) => architecture), certain }
}

/** Returns the architecture of a container's image by its URL, where the catalogue knows it. */
function architectureOfUrl(url: string, { record, known }: NonNullable<ReturnType<Lookup['get']>>): Architecture | undefined {
  for (const [architecture, image] of record.images) if (image === url) return architecture
  if (url !== record.url) return undefined
  return record.images.has(amd64) ? amd64 : (known.get('')?.architecture ?? undefined)
}

function summarised({ architectures, ifFilled, certain, single, unknown }: Omit<SpecReport, 'summary'>): string {
  const where =
    architectures === null
      ? 'it is not known where the job can run'
      : architectures.length === 0
        ? 'the job can run nowhere'
        : `the job can run on ${architectures.join(', ')}`
  const more = (ifFilled ?? []).filter((one) => !architectures?.includes(one))
  const parts = [
    where + (architectures !== null && architectures.length > 0 && !certain ? ', as far as is known' : ''),
    more.length > 0 ? `with container_image_urls filled also on ${more.join(', ')}` : '',
    single.length > 0 ? `for one architecture only: ${single.join(', ')}` : '',
    unknown.length > 0 ? `unknown: ${unknown.join(', ')}` : ''
  ]
  return cut(parts.filter(Boolean).join('; '), 2000)
}
