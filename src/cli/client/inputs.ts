import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { parseArchitecture } from '../../domain/architecture.ts'
import { renderTemplate } from '../../domain/releases/template.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { misuse } from '../terminal/terminal.ts'

/** Parses `tag=current` and the like. */
export function keysOf(assignments: readonly string[]): Map<string, string> {
  return new Map(
    assignments.map((text) => {
      const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? []
      if (key === undefined) throw misuse(`${JSON.stringify(text)} is not a key with its value; expected one as tag=current`)
      return [key, value!]
    })
  )
}

/** What images are built from, by architecture and name; `*` stands for all architectures. */
type BuildInputs = Record<string, Record<string, string>>

/** Parses inputs such as `commit=9c0e1f2` and `arm64:base=sha256:0d5a`. */
export function sourcesOf(texts: readonly string[]): BuildInputs {
  // without a prototype, as the names are foreign
  const sources: BuildInputs = Object.create(null)
  for (const text of texts) {
    const [, name, input, value] = /^(?:([\w./-]+):)?([A-Za-z0-9][\w.-]*)=(.+)$/s.exec(text) ?? []
    if (input === undefined || value === undefined) {
      throw misuse(`${JSON.stringify(maskSecrets(text))} is not an input; expected one as commit=9c0e1f2 or arm64:base=sha256:0d5a`)
    }
    const architecture = name === undefined ? '*' : parseArchitecture(name)
    sources[architecture] = { ...sources[architecture], [input]: value }
  }
  return sources
}

/** Fills a template of this machine. Included files come from its folder, and from no other. */
export function renderFile(file: string, keys: ReadonlyMap<string, string>): string {
  const folder = resolve(file === '-' ? '.' : dirname(file))
  const include = (name: string): string => {
    if (basename(name) !== name) throw misuse(`${file} includes ${name}; expected the name of a file in ${folder}`)
    return textOfFile(resolve(folder, name))
  }
  return renderTemplate(textOfFile(file), { keys, include })
}

/** Reads a file, or standard input for `-`. */
export function textOfFile(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw misuse(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** Reads ids, one a line, or those of an image list in YAML. Empty lines and comments count for nothing. */
export function readIds(file: string): [string, ...string[]] {
  const lines = textOfFile(file).split(/\r?\n/)
  const isYaml = lines.some((line) => /^container_images(?:_template)?:/.test(line))
  const ids = lines.flatMap((line) => {
    const [, quote = '', named] = /^\s*-\s*imagename:\s*(["']?)(\S+?)\1\s*(?:#.*)?$/.exec(line) ?? []
    if (isYaml) return named === undefined ? [] : [named]
    return quote + line.replace(/#.*/, '').trim() || []
  })
  if (ids.length === 0) throw misuse(`${file} names no image; expected ids, one a line, or container_images with imagename`)
  return ids as [string, ...string[]]
}
