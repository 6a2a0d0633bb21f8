// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/g

/** Whether a YAML file has characters that YAML allows only as escapes. */
export const isUnprintable = (text: string): boolean => text.search(unprintable) >= 0

/** Escapes what YAML does not allow as it is. Only for text where such characters stand in double quotes. */
export const printable = (text: string): string =>
  text.replace(unprintable, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Returns a text as a YAML scalar in double quotes. */
export const quotedYaml = (text: string): string => printable(JSON.stringify(text))
