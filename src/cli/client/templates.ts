import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { renderTemplate } from '../../domain/releases/template.ts'
import { misuse } from './api-error.ts'

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
