interface UnsupportedMethod {
  method: string
  path: string
  allowed: Iterable<string>
}

/** `PUT is not supported on /api/v1/deleted; GET and HEAD are`. */
export function notSupported({ method, path, allowed }: UnsupportedMethod): string {
  const names = [...allowed].filter((name) => name !== 'OPTIONS')
  const words = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)} are` : `${names[0] ?? 'only OPTIONS'} is`
  return `${method} is not supported on ${path}; ${words}`
}
