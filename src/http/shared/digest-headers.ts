import { CatalogueError } from '../../domain/errors.ts'

/** The value of Content-Digest or Repr-Digest (RFC 9530) for a hexadecimal sha256. */
export const toDigestHeader = (sha256: string): string => `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`

/** Returns the hexadecimal sha256 that Content-Digest or Repr-Digest give; other algorithms are ignored. Throws parameter_invalid. */
export function digestFromHeaders(headers: Record<string, string | string[] | undefined>): string | undefined {
  const found = ['content-digest', 'repr-digest'].flatMap((name) => {
    const [, value] = /(?:^|,)\s*sha-256\s*=\s*([^,]*)/i.exec(String(headers[name] ?? '')) ?? []
    return value === undefined ? [] : [{ name, sha256: hexOf(name, value.trim()) }]
  })
  const [first, second] = found
  if (first && second && first.sha256 !== second.sha256) {
    throw new CatalogueError('parameter_invalid', 'Content-Digest and Repr-Digest differ; the body can only have one of them')
  }
  return first?.sha256
}

function hexOf(name: string, value: string): string {
  const bytes = Buffer.from(/^:([A-Za-z0-9+/]{43}=):$/.exec(value)?.[1] ?? '', 'base64')
  if (bytes.length === 32) return bytes.toString('hex')
  throw new CatalogueError(
    'parameter_invalid',
    `${name} has the sha-256 ${value.slice(0, 100)}; expected 32 bytes in base64 between colons`
  )
}
