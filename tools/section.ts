import { readFile } from 'node:fs/promises'

/** Returns the page with the text between `<!-- name -->` and `<!-- /name -->` replaced. Paths are from the repository's root. */
export async function withSection(path: string, { name, text }: { name: string; text: string }): Promise<string> {
  const page = await readFile(path, 'utf8')
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${path} has no section ${begin.trim()} … ${end}`)
  return page.slice(0, from) + begin + text + page.slice(to)
}
