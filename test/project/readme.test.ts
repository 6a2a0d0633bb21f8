import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { namesOf, parseArchitecture } from '../../src/domain/architecture.ts'
import { startLeporello } from '../support/leporello.ts'
import { projectFolder } from '../support/project.ts'

const run = promisify(execFile)
process.chdir(projectFolder)
const text = await readFile('README.md', 'utf8')

/** The commands of README that show what they print, in order: a `sh` block with a `text` block right after it. */
const shown = [...text.matchAll(/^```sh\n((?:(?!```).*\n)+)```\n```text\n((?:(?!```).*\n)+)```$/gm)].map(([, commands, output]) => ({
  commands: commands!,
  output: output!
}))

t.test('every command in README that shows its output prints just that', async (t) => {
  const server = await startLeporello()
  t.teardown(() => server.stop())
  t.ok(shown.length > 5)

  for (const { commands, output } of shown) {
    const local = commands.replaceAll('http://127.0.0.1:8888', server.url).replaceAll('curl ', 'curl -sS ')
    const { stdout } = await run('sh', ['-euc', local])
    // two answers without a newline at the end stand on one line; README gives each its own
    const lines = (said: string) => said.replaceAll('}{', '}\n{').trimEnd()
    const expected = lines(output)
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    t.match(lines(stdout), new RegExp(`^${expected.join('.*')}$`), commands)
  }
})

t.test('the commands that README names are there', async (t) => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8'))
  const named = new Set([...text.matchAll(/npm (?:run )?(start|test(?::all)?|generate|check|bench)\b/g)].map(([, name]) => name!))
  const { stdout: help } = await run('node', ['build/src/main.js', '--help'])
  const commands = new Set([...text.matchAll(/npx leporello (\w+)/g)].map(([, name]) => name!))

  t.ok(named.has('start') && named.has('test:all'))
  for (const name of named) t.ok(scripts[name], name)
  t.ok(commands.size > 0)
  for (const command of commands) t.match(help, new RegExp(`^  ${command} `, 'm'))
})

t.test('the table of architectures is the one of the program', async (t) => {
  const [, table] = /\| architecture \| stands under \| also understood \|\n\|[-|]+\|\n([\s\S]*?)\n\n/.exec(text)!
  const rows = table!.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))

  t.ok(rows.length > 10)
  for (const [, architecture, standsUnder, understood] of rows.filter(([, name]) => !name!.startsWith('any '))) {
    t.strictSame([...namesOf(parseArchitecture(architecture!))].sort(), standsUnder!.split(', ').sort())
    for (const name of understood!.split(', ').filter(Boolean)) t.equal(parseArchitecture(name), architecture)
  }
})

t.test('every link in the documentation leads somewhere, and so does every test that it names', async (t) => {
  const decisions = (await readdir('docs/decisions')).map((file) => join('docs/decisions', file))
  const guides = (await readdir('docs/guides')).map((file) => join('docs/guides', file))
  const files = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/architecture.md', ...guides, ...decisions]
  const missing: string[] = []
  for (const file of files) {
    const content = await readFile(file, 'utf8')
    const headings = [...content.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => `#${slug(heading!)}`)
    const links = [...content.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
    for (const link of links.filter((link) => !/^https?:/.test(link))) {
      const known = link.startsWith('#') ? headings.includes(link) : existsSync(join(dirname(file), link.replace(/#.*/, '')))
      if (!known) missing.push(`${file}: ${link}`)
    }
    const paths = [...content.matchAll(/`((?:src|test|examples|benchmarks)\/[\w./-]*)`/g)].map(([, path]) => path!)
    missing.push(...paths.filter((path) => !existsSync(path)).map((path) => `${file}: ${path}`))
  }
  t.strictSame(missing, [])
})

t.test('every decision stands in their list, and names the test that holds it', async (t) => {
  const list = await readFile('docs/decisions/README.md', 'utf8')
  const pages = (await readdir('docs/decisions')).filter((file) => file !== 'README.md')
  t.ok(pages.length >= 10)
  for (const page of pages) t.match(list, `(${page})`)
  for (const page of pages.filter((name) => /^\d{4}-/.test(name))) {
    const content = await readFile(join('docs/decisions', page), 'utf8')
    for (const part of ['**Context.**', '**Choice.**', '**Cost.**', '**Held by**']) t.match(content, part, page)
  }
})

t.test('a test that a decision names by its sentence is there, in the file where it is said to be', async (t) => {
  let named = 0
  for (const page of (await readdir('docs/decisions')).filter((file) => file !== 'README.md')) {
    const [, held = ''] = /\*\*Held by\*\*([\s\S]*?)(?:\n\n|$)/.exec(await readFile(join('docs/decisions', page), 'utf8')) ?? []
    // sentences, and behind them the file that they are in
    let sentences: string[] = []
    for (const [, sentence, path] of held.replace(/\s+/g, ' ').matchAll(/"([^"]+)"|`(test\/[\w./-]+\.ts)`/g)) {
      if (sentence) sentences.push(sentence)
      if (!path) continue
      const content = await readFile(path, 'utf8')
      for (const one of sentences) t.ok(content.includes(one), `${page}: ${path}: ${one}`)
      named += sentences.length
      sentences = []
    }
  }
  t.ok(named >= 12, 'there are such sentences')
})

/** As GitHub makes anchors. */
const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-')
