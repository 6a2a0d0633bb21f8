import type { Architecture } from '../../domain/architecture.ts'
import type { BuildStatus } from '../../domain/build/build-status.ts'
import {
  bundleOf,
  defaults,
  type EffectiveExpectation,
  expectedOf,
  isImmutable,
  type Policies,
  policiesOf,
  type Requirement,
  type Rule,
  requiredOf
} from '../../domain/build/rules.ts'

/** What the site's rules say about a container, by its id. */
export interface SiteRules {
  expectedOf(id: string, buildStatus: Pick<BuildStatus, 'expected'> | undefined): EffectiveExpectation
  policiesOf(id: string, buildStatus?: Pick<BuildStatus, 'publish'>): Policies
  bundleOf(id: string): { container: string; architecture: Architecture } | undefined
  isImmutable(id: string): boolean
  /** Whether any rule makes versions immutable. */
  someImmutable: boolean
  requiredOf(id: string): readonly Requirement[]
  /** The rules as text: when it changes, the state of any container may change. */
  text: string
}

export function createSiteRules({ rules, expected }: { rules: readonly Rule[]; expected: readonly Architecture[] }): SiteRules {
  const siteDefaults = { ...defaults, expected }
  return {
    expectedOf: (id, buildStatus) => expectedOf(id, { buildStatus, rules, defaults: siteDefaults }),
    policiesOf: (id, buildStatus) => policiesOf(id, { buildStatus, rules, defaults: siteDefaults }),
    bundleOf: (id) => bundleOf(id, rules),
    isImmutable: (id) => isImmutable(id, rules),
    someImmutable: rules.some(({ immutable }) => immutable === true),
    requiredOf: (id) => requiredOf(id, rules),
    text: JSON.stringify([rules, expected])
  }
}
