/* Cuts pieces out of valid JSON that an engine wrote, as `_source` must stay byte for byte; json.ts reads text from clients. */

/** Returns where the value that begins at `at` ends. Strings are skipped, so braces in them do not count. */
export function valueEnd(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22:
        i = stringEnd(text, i) - 1
        if (depth === 0) return i + 1
        break
      case 0x7b:
      case 0x5b:
        depth++
        break
      case 0x7d:
      case 0x5d:
        if (depth === 0) return i
        if (--depth === 0) return i + 1
        break
      case 0x2c:
      case 0x20:
      case 0x0a:
      case 0x0d:
      case 0x09:
        if (depth === 0) return i
    }
  }
  return text.length
}

/** Returns the members of the object at `at`, each value as text. */
export function membersAt(text: string, at: number): Map<string, string> {
  const members = new Map<string, string>()
  for (let i = nextToken(text, at + 1); text[i] === '"'; ) {
    const keyEnd = stringEnd(text, i)
    const start = nextToken(text, keyEnd)
    const end = valueEnd(text, start)
    members.set(JSON.parse(text.slice(i, keyEnd)) as string, text.slice(start, end))
    i = nextToken(text, end)
  }
  return members
}

/** Returns the items of the array at `at`, each as text, and no more than `most` of them. */
export function itemsAt(text: string, at: number, most = Number.POSITIVE_INFINITY): string[] {
  const items: string[] = []
  for (let i = nextToken(text, at + 1); i < text.length && text[i] !== ']' && items.length < most; ) {
    const end = valueEnd(text, i)
    items.push(text.slice(i, end))
    i = nextToken(text, end)
  }
  return items
}

/** Returns where the string that begins at `at` ends. */
export function stringEnd(text: string, at: number): number {
  for (let quote = text.indexOf('"', at + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
  return text.length
}

/** Skips white space and the punctuation between tokens. */
function nextToken(text: string, at: number): number {
  for (let i = at; ; i++) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x2c && code !== 0x3a && code !== 0x0a && code !== 0x0d && code !== 0x09) return i
  }
}
