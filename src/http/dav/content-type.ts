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

/** The type of a file by its name; never one that a browser runs, or anybody who may upload could publish web pages from this server. */
export const contentTypeOf = (name: string): string =>
  types.find(([ending]) => ending.test(name.toLowerCase()))?.[1] ?? 'application/octet-stream'
