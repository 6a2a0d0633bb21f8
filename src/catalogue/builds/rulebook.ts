import type { Architecture } from '../../domain/architecture.ts'
import type { BuildStatus } from '../../domain/build/build-status.ts'
import {
  bundleOf,
  type Defaults,
  defaults,
  type Expectation,
  expectedOf,
  type Policies,
  policiesOf,
  type Rule
} from '../../domain/build/rules.ts'

/** What the site's rules say about a container, by its id. */
export interface Rulebook {
  expectedOf(id: string, buildStatus: Pick<BuildStatus, 'expected'> | undefined): Expectation
  policiesOf(id: string): Policies
  bundleOf(id: string): { container: string; architecture: Architecture } | undefined
}

export function createRulebook({ rules, expected }: { rules: readonly Rule[]; expected: readonly Architecture[] }): Rulebook {
  const all: Defaults = { ...defaults, expected }
  return {
    expectedOf: (id, buildStatus) => expectedOf(id, { buildStatus, rules, defaults: all }),
    policiesOf: (id) => policiesOf(id, { rules, defaults: all }),
    bundleOf: (id) => bundleOf(id, rules)
  }
}
