import { asFields, asList, parsedJson } from '../domain/json/reading.ts'
import { maskSecrets } from '../domain/secrets.ts'

/** `refused`: the registry does not let us read this. `unusable`: the content makes no sense. `failed`: anything else; asking on is no use. */
export interface RegistryError extends Error {
  registry: 'refused' | 'unusable' | 'failed'
  status?: number
  /** How long it wants to be left alone. */
  retryAfterMs?: number
}

export const registryError = (
  registry: RegistryError['registry'],
  { message, ...more }: { message: string } & Pick<RegistryError, 'status' | 'retryAfterMs'>
): RegistryError => Object.assign(new Error(message), { registry, ...more })

export const isRegistryError = (error: unknown): error is RegistryError => error instanceof Error && 'registry' in error

const longest = 200

/** Returns what a registry says in an error, as one line. `clean` takes out what only we know to be secret, before anything is cut. */
export function registryWords(body: string, clean: (text: string) => string): string {
  const parsed = parsedJson(body)
  const fields = asFields(parsed)
  const [first] = asList(fields?.['errors']).map(asFields)
  const words = [first?.['code'], first?.['message'] ?? fields?.['details'] ?? fields?.['message'] ?? fields?.['error']]
  // not JSON: perhaps the page of a proxy
  const said = parsed === undefined ? body : words.filter((word) => typeof word === 'string' && word !== '').join(': ')
  return maskSecrets(
    clean(said)
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim()
  ).slice(0, longest)
}
