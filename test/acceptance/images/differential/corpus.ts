import type { Case } from './case.ts'
import { architectureCases } from './corpus-architectures.ts'
import { formatCases } from './corpus-formats.ts'
import { jsonCases } from './corpus-json.ts'
import { linkCases } from './corpus-links.ts'
import { platformCases } from './corpus-platforms.ts'
import { producerCases } from './corpus-producers.ts'
import { sparseCases } from './corpus-sparse.ts'
import { startCases } from './corpus-starts.ts'
import { tarCases } from './corpus-tars.ts'
import { typeCases } from './corpus-types.ts'
import { whiteoutCases } from './corpus-whiteouts.ts'

const faultOf = ({ name }: Case) => name.slice(0, name.indexOf('/'))

/** Every question, those about one fault spread over the whole, so that time that runs out takes some of each. */
export function corpus(): Case[] {
  const all = [
    ...formatCases(),
    ...producerCases(),
    ...sparseCases(),
    ...jsonCases(),
    ...typeCases(),
    ...platformCases(),
    ...architectureCases(),
    ...whiteoutCases(),
    ...linkCases(),
    ...startCases(),
    ...tarCases()
  ]
  const counts = new Map<string, number>()
  const sizes = new Map<string, number>()
  for (const one of all) sizes.set(faultOf(one), (sizes.get(faultOf(one)) ?? 0) + 1)
  const placed = all.map((one) => {
    const count = counts.get(faultOf(one)) ?? 0
    counts.set(faultOf(one), count + 1)
    return { one, at: count / sizes.get(faultOf(one))! }
  })
  return placed.sort((a, b) => a.at - b.at).map(({ one }) => one)
}
