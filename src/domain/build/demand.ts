import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import { asArchitectureName, asFields, asList, boundedText, parsedJson } from '../json/reading.ts'
import { maxArchitectures } from './build-status.ts'

export interface DemandCount {
  /** How often a machine of this architecture got an image. */
  answered: number
  /** How often there was none for it. */
  refused: number
}

interface ArchitectureDemand extends DemandCount {
  /** By container id; the most refused ones, where there are more than are kept. */
  containers: ReadonlyMap<string, DemandCount>
}

/** Which architectures machines asked for, in one day or several. */
export interface Demand {
  architectures: ReadonlyMap<Architecture, ArchitectureDemand>
}

/** A machine may call itself anything: beyond the bound they are counted together. */
const others = 'other' as Architecture
export const maxContainers = 2000

export const noDemand: Demand = { architectures: new Map() }

/** One machine's request for an image. */
export interface ImageDemand {
  container: string
  architecture: Architecture
  /** Whether there was an image for it. */
  answered: boolean
}

/** Counts between two writes; cheap enough for every resolve. */
export function createDemandTally() {
  let counted = new Map<Architecture, DemandCount & { containers: Map<string, DemandCount> }>()
  let entries = 0

  return {
    count({ architecture, container, answered }: ImageDemand): void {
      const known = counted.has(architecture) || counted.size < maxArchitectures - 1 ? architecture : others
      const asked = counted.get(known) ?? { answered: 0, refused: 0, containers: new Map<string, DemandCount>() }
      counted.set(known, asked)
      const field = answered ? 'answered' : 'refused'
      asked[field]++
      let one = asked.containers.get(container)
      if (one === undefined && entries < 2 * maxContainers) {
        one = { answered: 0, refused: 0 }
        asked.containers.set(container, one)
        entries++
      }
      if (one !== undefined) one[field]++
    },

    /** Returns what was counted since the last call. */
    take(): Demand {
      const demand = bounded(counted)
      counted = new Map()
      entries = 0
      return demand
    }
  }
}

/** Returns the sum of several replicas or days. Within the bounds the order does not matter; beyond them no count is lost. */
export function mergedDemand(...demands: readonly Demand[]): Demand {
  const sum = new Map<Architecture, DemandCount & { containers: Map<string, DemandCount> }>()
  for (const { architectures } of demands) {
    for (const [architecture, { containers, ...count }] of architectures) {
      const before = sum.get(architecture) ?? { answered: 0, refused: 0, containers: new Map<string, DemandCount>() }
      for (const [container, one] of containers) before.containers.set(container, added(before.containers.get(container), one))
      sum.set(architecture, { ...added(before, count), containers: before.containers })
    }
  }
  return bounded(sum)
}

const added = (a: DemandCount | undefined, b: DemandCount): DemandCount => ({
  answered: (a?.answered ?? 0) + b.answered,
  refused: (a?.refused ?? 0) + b.refused
})

const byWeight = (a: DemandCount, b: DemandCount) => b.refused - a.refused || b.answered - a.answered

/** Keeps the architectures most asked for, and the containers most refused. */
function bounded(sum: ReadonlyMap<Architecture, ArchitectureDemand>): Demand {
  const ranked = [...sum].sort(([a, one], [b, other]) => other.answered + other.refused - one.answered - one.refused || (a < b ? -1 : 1))
  const kept = new Map(ranked.length <= maxArchitectures ? ranked : ranked.slice(0, maxArchitectures - 1))
  const rest = ranked.filter(([architecture]) => !kept.has(architecture))
  if (rest.length > 0) {
    const { containers = new Map<string, DemandCount>(), ...before } = kept.get(others) ?? { answered: 0, refused: 0 }
    kept.set(others, { ...rest.reduce<DemandCount>((all, [, asked]) => added(all, asked), before), containers })
  }
  const entries = [...kept].flatMap(([architecture, { containers }]) =>
    [...containers].map(([container, count]) => ({ architecture, container, count }))
  )
  entries.sort((a, b) => byWeight(a.count, b.count) || (`${a.container}\n${a.architecture}` < `${b.container}\n${b.architecture}` ? -1 : 1))
  const chosen = entries.slice(0, maxContainers)
  return {
    architectures: new Map(
      uniqueInTableOrder(kept.keys()).map((architecture) => {
        const { answered, refused } = kept.get(architecture)!
        const own = chosen.filter((one) => one.architecture === architecture)
        return [architecture, { answered, refused, containers: new Map(own.map(({ container, count }) => [container, count])) }]
      })
    )
  }
}

/** Returns the stored form: one document for each day, such as `2026-11-21`, which is its id. */
export function toDemandDocument(day: string, { architectures }: Demand): string {
  const listed = [...architectures].map(([architecture, { answered, refused, containers }]) => ({
    architecture,
    answered,
    refused,
    containers: [...containers].map(([container, count]) => ({ container, answered: count.answered, refused: count.refused }))
  }))
  return JSON.stringify({ id: day, day, architectures: listed })
}

/** Counts that cannot be understood are 0. */
export function fromDemandDocument(document: string): Demand {
  const sum = new Map<Architecture, ArchitectureDemand>()
  for (const item of asList(asFields(parsedJson(document))?.['architectures'])) {
    const architecture = asArchitectureName(asFields(item)?.['architecture'])
    if (architecture === null) continue
    const containers = asList(asFields(item)?.['containers']).flatMap((one): [string, DemandCount][] => {
      const container = boundedText(asFields(one)?.['container'], 512)
      return container === null ? [] : [[container, asCount(one)]]
    })
    sum.set(architecture, { ...asCount(item), containers: new Map(containers) })
  }
  return bounded(sum)
}

function asCount(value: unknown): DemandCount {
  const number = (field: string) => {
    const found = asFields(value)?.[field]
    return Number.isSafeInteger(found) && (found as number) > 0 ? (found as number) : 0
  }
  return { answered: number('answered'), refused: number('refused') }
}

/** Returns the day of an ISO 8601 time, in UTC. */
export const dayOf = (time: string): string => time.slice(0, 10)

export interface DemandRow extends DemandCount {
  architecture: Architecture
  asked: number
  /** Containers without an image for this architecture, those most asked for first. */
  lacking: { container: string; refused: number }[]
}

/** Returns the counts as people read them, in the table's order. */
export const demandRows = ({ architectures }: Demand, { limit }: { limit: number }): DemandRow[] =>
  [...architectures].map(([architecture, { answered, refused, containers }]) => ({
    architecture,
    asked: answered + refused,
    answered,
    refused,
    lacking: [...containers]
      .filter(([, count]) => count.refused > 0)
      .slice(0, limit)
      .map(([container, count]) => ({ container, refused: count.refused }))
  }))
