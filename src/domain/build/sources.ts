import { asFields, boundedText, cut, type FieldPlace, shown } from '../json/reading.ts'

/**
 * What an image was built from: a name such as `commit`, `containerfile` or `base`, and what identifies that input (a commit's hash,
 * a file's digest, a base image's digest). Two builds from equal sources make images that need not be told apart.
 */
export type BuildSource = ReadonlyMap<string, string>

export const maxInputs = 32
const maxValue = 512
const inputName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/

/** Returns a source of these inputs, by name. */
export const ordered = (entries: Iterable<readonly [string, string]>): BuildSource =>
  new Map([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))

export const sameSource = (a: BuildSource, b: BuildSource): boolean =>
  a.size === b.size && [...a].every(([name, value]) => b.get(name) === value)

export const sourceToJson = (source: BuildSource): { [name: string]: string } => Object.fromEntries(source)

/** Reads a stored source; returns null when it names no input. */
export function asSource(value: unknown): BuildSource | null {
  const entries = Object.entries(asFields(value) ?? {}).flatMap(([name, given]): [string, string][] => {
    const text = boundedText(given, maxValue)
    return text !== null && inputName.test(name) ? [[name, text]] : []
  })
  return entries.length === 0 ? null : ordered(entries.slice(0, maxInputs))
}

/** Reads a source strictly. A bare string is a commit; inputs that are null or empty are left out. */
export function readBuildSource(value: unknown, { path, problems }: FieldPlace): BuildSource | null {
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'string') return readBuildSource({ commit: value }, { path, problems })
  const fields = asFields(value)
  if (fields === undefined) {
    problems.push({ path, message: `is ${shown(value)}; expected an object such as {"commit": "9c0e…", "base": "sha256:…"}` })
    return null
  }
  const names = Object.keys(fields)
  if (names.length > maxInputs) problems.push({ path, message: `names ${names.length} inputs; at most ${maxInputs} are kept` })
  const entries = names.slice(0, maxInputs).flatMap((name): [string, string][] => {
    const at = cut(`${path}.${name}`, 160)
    const given = fields[name]
    // a script writes what it does not know as null, or empty
    if (!inputName.test(name))
      problems.push({ path: at, message: 'is not the name of an input; expected letters, digits, "_", ".", "-", at most 64' })
    else if (given === null || given === '') return []
    else if (typeof given !== 'string') problems.push({ path: at, message: `is ${shown(given)}; expected a string` })
    else if (given.length > maxValue)
      problems.push({ path: at, message: `has ${given.length} characters; at most ${maxValue} are allowed` })
    else return [[name, given]]
    return []
  })
  return entries.length === 0 ? null : ordered(entries)
}
