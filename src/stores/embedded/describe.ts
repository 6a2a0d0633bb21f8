/* A document in the form in which an engine answers `GET <index>/_doc/<id>`, for operators who know that form. */

/** Includes the document, where there is one, byte for byte; when pretty, token for token. */
export function toAnswer(
  { index, id, found }: { index: string; id: string; found: { version: number; seq: number; document: string } | undefined },
  { pretty }: { pretty: boolean }
): string {
  const head = `"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}`
  const answer =
    found === undefined
      ? `{${head},"found":false}`
      : `{${head},"_version":${found.version},"_seq_no":${found.seq},"_primary_term":1,"found":true,"_source":${found.document}}`
  return pretty ? `${prettyJson(answer)}\n` : answer
}

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** Formats valid JSON in the engines' pretty style: two spaces, `"key" : value`, `{ }` and `[ ]` when empty. No token is rewritten. */
export function prettyJson(text: string): string {
  const parts: string[] = []
  let depth = 0
  let opened = false
  const newLine = () => `\n${'  '.repeat(depth)}`
  for (const [part] of text.matchAll(token)) {
    const closes = part === '}' || part === ']'
    if (closes) depth--
    if (opened) parts.push(closes ? ' ' : newLine())
    else if (closes) parts.push(newLine())
    opened = part === '{' || part === '['
    if (opened) depth++
    if (part === ':') parts.push(' : ')
    else if (part === ',') parts.push(part, newLine())
    else parts.push(part)
  }
  return parts.join('')
}
