/** Matches patterns of `*` and `?`. It takes at most the length of the pattern times that of the text, so that no client's pattern can hang us. */
export function globMatches(pattern: string, value: string): boolean {
  const glob = [...pattern]
  const text = [...value]
  let g = 0
  let t = 0
  let star = -1
  let retry = 0
  while (t < text.length) {
    if (glob[g] === '*') {
      star = g++
      retry = t
    } else if (g < glob.length && (glob[g] === '?' || glob[g] === text[t])) {
      g++
      t++
    } else if (star !== -1) {
      g = star + 1
      t = ++retry
    } else {
      return false
    }
  }
  while (glob[g] === '*') g++
  return g === glob.length
}
