import { type DocumentRefusal, documentRefusal, type JsonList, type JsonNode, type JsonNumber, type JsonObject } from './json.ts'
import { quoted } from './problems.ts'

/*
 * Decodes JSON into types of Go as encoding/json does: the names of a struct's members are matched without case, null is the same as
 * nothing, and one value of another type fails the whole document. Where Go would choose among several members for one field, or merge
 * them, the document is refused: another reader could see another image in it.
 */

/** Decodes a value; `place` is its place in the document, for messages. Throws a DocumentRefusal. */
export type GoType<T> = (value: JsonNode, place: string) => T

/** The type of a decoded value. */
export type Decoded<Type> = Type extends GoType<infer T> ? T : never

const isNumber = (value: JsonNode): value is JsonNumber => typeof value === 'object' && value !== null && 'number' in value
const isObject = (value: JsonNode): value is JsonObject => typeof value === 'object' && value !== null && 'members' in value
const isList = (value: JsonNode): value is JsonList => Array.isArray(value)

function wrongType(value: JsonNode, place: string, { expected }: { expected: string }): DocumentRefusal {
  let kind = `a ${typeof value}`
  if (isNumber(value)) kind = `the number ${value.number.slice(0, 40)}`
  else if (isObject(value)) kind = 'an object'
  else if (isList(value)) kind = 'a list'
  return documentRefusal('json_type', `${place === '' ? 'is' : `has ${place},`} ${kind} where image loaders expect ${expected}`)
}

export const goString: GoType<string> = (value, place) => {
  if (value === null) return ''
  if (typeof value === 'string') return value
  throw wrongType(value, place, { expected: 'a string' })
}

export const goBool: GoType<boolean> = (value, place) => {
  if (value === null) return false
  if (typeof value === 'boolean') return value
  throw wrongType(value, place, { expected: 'true or false' })
}

/** A 64-bit integer; Go refuses 1.0 and 1e3. */
export const goInt: GoType<number> = (value, place) => {
  if (value === null) return 0
  if (isNumber(value) && /^-?[0-9]{1,19}$/.test(value.number) && BigInt.asIntN(64, BigInt(value.number)) === BigInt(value.number)) {
    return Number(value.number)
  }
  throw wrongType(value, place, { expected: 'an integer' })
}

const timePattern = /^[0-9]{4}-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(Z|[+-]([0-9]{2}):([0-9]{2}))$/

/** A time in RFC 3339 format. */
export const goTime: GoType<string> = (value, place) => {
  if (value === null) return ''
  const parts = typeof value === 'string' ? timePattern.exec(value) : null
  if (typeof value === 'string' && parts !== null) {
    const [month, day, hour, minute, second] = parts.slice(1, 6).map(Number) as [number, number, number, number, number]
    const [zoneHour, zoneMinute] = [Number(parts[8] ?? 0), Number(parts[9] ?? 0)]
    // day 0 of the next month is the last one of this month
    const lastDay = new Date(Date.UTC(Number(value.slice(0, 4)), month, 0)).getUTCDate()
    const isDay = month >= 1 && month <= 12 && day >= 1 && day <= lastDay
    if (isDay && hour < 24 && minute < 60 && second < 60 && zoneHour < 24 && zoneMinute < 60) return value
  }
  throw wrongType(value, place, { expected: 'a time in RFC 3339 format' })
}

/** Bytes in base64. */
export const goBytes: GoType<string> = (value, place) => {
  const base64 = goString(value, place).replace(/[\r\n]/g, '')
  if (base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return base64
  throw wrongType(value, place, { expected: 'base64' })
}

export const listOf =
  <T>(item: GoType<T>): GoType<T[]> =>
  (value, place) => {
    if (value === null) return []
    if (isList(value)) return value.map((one, i) => item(one, `${place}[${i}]`))
    throw wrongType(value, place, { expected: 'a list' })
  }

/** A list of strings, or a single string, which Docker and podman accept for some command lines. */
export const goStringOrStrings: GoType<string[]> = (value, place) => (typeof value === 'string' ? [value] : listOf(goString)(value, place))

/** A map. Its keys are case-sensitive, and the last of equal ones counts. */
export const mapOf =
  <T>(item: GoType<T>): GoType<ReadonlyMap<string, T>> =>
  (value, place) => {
    if (value === null) return new Map()
    if (isObject(value)) return new Map(value.members.map(([name, one]) => [name, item(one, `${place}[${quoted(name)}]`)]))
    throw wrongType(value, place, { expected: 'an object' })
  }

type Fields = Readonly<Record<string, GoType<unknown>>>
type Struct<F extends Fields> = { readonly [name in keyof F]?: Decoded<F[name]> | undefined }

/** A struct. Absent and null members are undefined; members that are not fields are ignored. */
export function struct<const F extends Fields>(fields: F): GoType<Struct<F>> {
  const names = new Map(Object.keys(fields).map((name) => [folded(name), name]))
  return (value, place) => {
    if (value === null) return {}
    if (!isObject(value)) throw wrongType(value, place, { expected: 'an object' })
    const given = new Map<string, NamedValue>()
    const found: Record<string, unknown> = {}
    for (const [as, one] of value.members) {
      const name = names.get(folded(as))
      if (name === undefined) continue
      const at = place === '' ? name : `${place}.${name}`
      checkAlone(at, [as, one], given.get(name))
      given.set(name, [as, one])
      found[name] = one === null ? undefined : fields[name]!(one, at)
    }
    return found as Struct<F>
  }
}

/** Folds a name as Go does: case is ignored, and the long s and the Kelvin sign equal the letters s and k. */
const folded = (name: string): string => name.replaceAll('\u017f', 's').toLowerCase()

type NamedValue = readonly [name: string, value: JsonNode]

function checkAlone(place: string, one: NamedValue, other: NamedValue | undefined): void {
  if (other === undefined || JSON.stringify(one[1]) === JSON.stringify(other[1])) return
  const names = one[0] === other[0] ? `${quoted(one[0])} twice` : `both ${quoted(other[0])} and ${quoted(one[0])}`
  const readers = "Go's JSON decoder takes the last one or merges them, other readers do not"
  throw documentRefusal('json_ambiguous', `has ${names} for ${place}, with different values; ${readers}`)
}
