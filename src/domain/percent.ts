/** Decodes percent-encoding. Returns a text that is not well encoded, such as one with a lone %, unchanged. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
