import { type Architecture, inTableOrder } from '../architecture.ts'

export interface ToPublish {
  id: string
  /** The architectures that were asked for; none: all. */
  wanted: readonly Architecture[]
  /** The architectures whose images registry clients can pull. */
  pullable: readonly Architecture[]
  /** Why others cannot be pulled. */
  unproven: readonly { architecture: string; why: string }[]
  /** Expected architectures that have not arrived. */
  missing: readonly string[]
  /** Why no registry client can spell the id. */
  notPullable?: string | undefined
}

/** Returns everything that keeps a container from being published, in one sentence; undefined where nothing does. */
export function whyNotPublished({ id, wanted, pullable, unproven, missing, notPullable }: ToPublish): string | undefined {
  const concerned = wanted.length > 0 ? wanted : [...pullable, ...unproven.map(({ architecture }) => architecture), ...missing]
  const whyNot = (architecture: string): string[] => {
    if (pullable.some((one) => one === architecture)) return []
    const found = unproven.find((one) => one.architecture === architecture)
    const why = found?.why ?? (missing.includes(architecture) ? 'its image is expected and has not arrived' : 'it has no image')
    return [`${architecture}: ${why}`]
  }
  const problems = [
    ...(notPullable === undefined ? [] : [notPullable]),
    ...inTableOrder(new Set(concerned as Architecture[])).flatMap(whyNot),
    ...(concerned.length === 0 ? ['it has no image'] : [])
  ]
  if (problems.length === 0) return undefined
  const instead = wanted.length > 0 ? `; it has ${pullable.join(', ')}` : `; to publish only a part: --arch ${pullable.join(',')}`
  return `${id} is not published: ${problems.join('; ')}${pullable.length > 0 ? instead : ''}`
}
