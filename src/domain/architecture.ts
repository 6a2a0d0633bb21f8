import { CatalogueError } from './errors.ts'
import { editDistance } from './nearest.ts'

/** The OCI name of a platform's architecture with its variant: `amd64`, `arm64`, `arm/v7`. Made by parseArchitecture only. */
export type Architecture = string & { readonly __architecture: true }

interface Row {
  /** Every name under which an image is listed in `urls`: the OCI name, and what `platform.machine()` returns there. */
  standsUnder: readonly string[]
  alsoUnderstood: readonly string[]
}

const row = (standsUnder: string, alsoUnderstood = ''): Row => ({
  standsUnder: standsUnder.split(' '),
  alsoUnderstood: alsoUnderstood.split(' ').filter(Boolean)
})

/** The order is that in which missing names are appended to `urls`. No variant takes the place of another. */
const table: ReadonlyMap<string, Row> = new Map([
  ['amd64', row('x86_64 amd64', 'x64 x86-64 amd64/v1')],
  ['arm64', row('arm64 aarch64', 'arm64/v8 armv8 arm64v8')],
  ['arm/v7', row('arm/v7 armv7l', 'armv7 armhf arm32v7 arm')],
  ['arm/v6', row('arm/v6 armv6l', 'arm32v6')],
  ['arm/v5', row('arm/v5 armv5tel', 'armel armv5l armv5tejl arm32v5')],
  ['386', row('386 i686', 'i386 i486 i586 x86')],
  ['ppc64le', row('ppc64le', 'ppc64el powerpc64le')],
  ['s390x', row('s390x')],
  ['riscv64', row('riscv64')],
  ['mips64le', row('mips64le', 'mips64el')],
  ['loong64', row('loong64 loongarch64')]
])

const canonical = new Map(
  [...table].flatMap(([name, { standsUnder, alsoUnderstood }]) => [...standsUnder, ...alsoUnderstood].map((alias) => [alias, name]))
)

const order = [...table.keys()]

/** The architectures of the table, by OCI name. */
export const knownArchitectures: ReadonlySet<string> = new Set(order)

// as schemas/requests/architecture-name.json has it
const wellFormed = /^[a-z0-9_.-]{1,64}(\/[a-z0-9_.-]{1,64})?$/

/**
 * Returns the architecture that a name means: `aarch64`, `ARM64` and `linux/arm64/v8` are all arm64.
 * A well-formed name that the table does not list is its own architecture. Throws architecture_invalid.
 */
export function parseArchitecture(name: string): Architecture {
  const lower = name.toLowerCase()
  const bare = lower.startsWith('linux/') ? lower.slice('linux/'.length) : lower
  const known = canonical.get(bare)
  if (known !== undefined) return known as Architecture
  if (!wellFormed.test(bare)) {
    const message = `${JSON.stringify(name.slice(0, 100))} is not the name of an architecture; expected one such as amd64, arm64, x86_64, aarch64 or arm/v7: letters, digits, "_", ".", "-", at most one "/", at most 64 characters on either side of it`
    throw new CatalogueError('architecture_invalid', message)
  }
  return bare as Architecture
}

/** `arm/v7` may be `arm%2Fv7` or `arm-v7` in a path. Throws architecture_invalid. */
export function architectureInPath(name: string): Architecture {
  const plain = parseArchitecture(name)
  if (knownArchitectures.has(plain) || !/^[^-/]+-[^/]+$/.test(plain)) return plain
  const slashed = parseArchitecture(plain.replace('-', '/'))
  return knownArchitectures.has(slashed) ? slashed : plain
}

/** What `url` is for. */
export const amd64 = parseArchitecture('amd64')

/** Real architectures that the table does not list although their names are close to one that it does. */
const neighbours = new Set(
  'armv8l armv7b armv7hl armv7hnl armv6hl armeb armbe arm64be arm64e arm64ec i786 ia64 x32 mips mipsel mipsle mips64 ppc ppcle ppc64 powerpc powerpc64 riscv riscv32 s390 loong32 wasm wasm32 wasm64'.split(
    ' '
  )
)

/**
 * Returns the known name that a name most likely misspells (`aarch46` is aarch64), or undefined for a known name and for one that is
 * not close to any. A variant, the part after a slash, is not looked at: `arm/v8` and `amd64/v3` are real.
 */
export function likelyMeant(name: string): string | undefined {
  const [bare = '', variant] = name
    .toLowerCase()
    .replace(/^linux\//, '')
    .split('/')
  if (canonical.has(bare) || neighbours.has(bare) || (variant !== undefined && canonical.has(`${bare}/${variant}`))) return undefined
  const near = [...canonical.keys()]
    .filter((known) => !known.includes('/'))
    .map((known) => ({ known, edits: editDistance(bare, known) }))
    .filter(({ known, edits }) => edits <= (Math.min(known.length, bare.length) < 5 ? 1 : 2))
    .sort((a, b) => a.edits - b.edits)[0]?.known
  return near !== undefined && variant !== undefined ? `${near}/${variant}` : near
}

/** Returns every name under which an image of this architecture is listed in `urls`. */
export function namesOf(architecture: Architecture): readonly string[] {
  return table.get(architecture)?.standsUnder ?? [architecture]
}

/** Sorts by the table; names that it does not list come after it, in the order given. */
export function inTableOrder<Name extends string>(architectures: Iterable<Name>): Name[] {
  const rank = (architecture: Name) => {
    const at = order.indexOf(architecture)
    return at === -1 ? order.length : at
  }
  return [...architectures].sort((a, b) => rank(a) - rank(b))
}

/** Returns each architecture once, in the table's order; names that it does not list come after it, by name. */
export const uniqueInTableOrder = <Name extends string>(architectures: Iterable<Name>): Name[] =>
  inTableOrder([...new Set(architectures)].sort())
