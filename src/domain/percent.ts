/** Percent-decoded; a text that is not encoded well, such as one with a lone %, stays what it is. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
