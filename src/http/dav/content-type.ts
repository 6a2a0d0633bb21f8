const types: readonly (readonly [ending: RegExp, type: string])[] = [
  [/\.tar$/, 'application/x-tar'],
  [/\.(tgz|gz)$/, 'application/gzip'],
  [/\.(zst|tzst)$/, 'application/zstd'],
  [/\.bz2$/, 'application/x-bzip2'],
  [/\.xz$/, 'application/x-xz'],
  [/\.zip$/, 'application/zip'],
  [/\.json$/, 'application/json'],
  [/\.(txt|md|log|sha256|sha256sum)$/, 'text/plain; charset=utf-8']
]

/** By a file's name. Nothing that a browser would run: whoever may upload could write pages of this server otherwise. */
export const contentTypeOf = (name: string): string =>
  types.find(([ending]) => ending.test(name.toLowerCase()))?.[1] ?? 'application/octet-stream'
