/** How a registry wants to be signed in to. */
export type Challenge = { scheme: 'basic' } | { scheme: 'bearer'; realm: string; service: string | undefined }

/** Reads WWW-Authenticate. Returns the Bearer challenge where there is one, else Basic; undefined for what registries do not use. */
export function parseChallenge(header: string | string[] | undefined): Challenge | undefined {
  const text = [header ?? []].flat().join(', ').slice(0, 8192)
  const bearer = /(?:^|,)\s*Bearer\s+(.*)$/is.exec(text)?.[1]
  const realm = bearer === undefined ? undefined : parameter(bearer, 'realm')
  if (bearer !== undefined && realm !== undefined) return { scheme: 'bearer', realm, service: parameter(bearer, 'service') }
  return /(?:^|,)\s*Basic(?:\s|,|$)/i.test(text) ? { scheme: 'basic' } : undefined
}

function parameter(text: string, name: string): string | undefined {
  const [, quoted, plain] = new RegExp(`(?:^|[\\s,])${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s",]+))`, 'i').exec(text) ?? []
  return quoted?.replace(/\\(.)/g, '$1') ?? plain
}
