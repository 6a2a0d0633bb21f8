import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { namesOf, parseArchitecture } from '../../src/domain/architecture.ts'
import { startLeporello } from '../support/leporello.ts'
import { projectFolder } from '../support/project.ts'

const run = promisify(execFile)
process.chdir(projectFolder)

const pagesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.md')).map((file) => join(folder, file))

/** README.md first: the list that it shows has one container. */
const pages = await Promise.all(
  ['README.md', ...(await pagesBelow('docs')).sort(), 'CONTRIBUTING.md', 'CHANGELOG.md', 'benchmarks/README.md'].map(async (path) => ({
    path,
    text: await readFile(path, 'utf8')
  }))
)
const shell = pages
  .map(({ text }) => [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, commands]) => commands!).join('\n'))
  .join('\n')

/** The commands that show what they print, in order: a `sh` block with a `text` block right after it. */
const shown = pages.flatMap(({ path, text }) =>
  [...text.matchAll(/^```sh\n((?:(?!```).*\n)+)```\n```text\n((?:(?!```).*\n)+)```$/gm)].map(([, commands, output]) => ({
    path,
    commands: commands!,
    output: output!
  }))
)

t.test('every command in README and docs/ that shows its output prints just that', async (t) => {
  const scratch = await mkdtemp(join(tmpdir(), 'leporello-pages-'))
  const data = join(scratch, 'data')
  const server = await startLeporello({ DATA: data })
  t.teardown(async () => {
    await server.stop()
    await rm(scratch, { recursive: true, force: true })
  })
  t.ok(new Set(shown.map(({ path }) => path)).size >= 4)
  t.ok(shown.length > 8)

  const env = { ...process.env, LEPORELLO_URL: server.url, LEPORELLO_DATA: data }
  for (const { path, commands, output } of shown) {
    const local = commands
      .replaceAll('http://127.0.0.1:8888', server.url)
      .replaceAll('/backup/leporello', join(scratch, 'backup'))
      .replaceAll('/srv/new', join(scratch, 'new'))
      .replaceAll('/srv/dist-git', join(scratch, 'dist-git'))
      .replaceAll('curl ', 'curl -sS ')
      // npx would look for it first, for a second each time
      .replaceAll('npx leporello ', `node ${join(projectFolder, 'build/src/main.js')} `)
    const { stdout } = await run('sh', ['-euc', local], { env })
    // two answers without a newline at the end stand on one line; the page gives each its own
    const lines = (said: string) => said.replaceAll('}{', '}\n{').trimEnd()
    const expected = lines(output.replaceAll('/backup/leporello', join(scratch, 'backup')))
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    t.match(lines(stdout), new RegExp(`^${expected.join('.*')}$`), `${path}: ${commands}`)
  }
})

t.test('README has at most 200 lines, and leads to every page of docs/', async (t) => {
  const { text: readme } = pages[0]!
  const decisions = await readFile('docs/decisions/README.md', 'utf8')

  t.ok(readme.split('\n').length <= 201)
  for (const { path } of pages.filter(({ path }) => path.startsWith('docs/'))) {
    if (path === 'docs/decisions/README.md' || !path.startsWith('docs/decisions/')) t.match(readme, `(${path}`, path)
    else t.match(decisions, `(${basename(path)})`, path)
  }
})

t.test('the commands that the pages name are there', async (t) => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8'))
  const text = pages.map(({ text }) => text).join('\n')
  const named = new Set([...text.matchAll(/npm (?:run )?(start|test(?::all)?|generate|check|bench)\b/g)].map(([, name]) => name!))
  const { stdout: help } = await run('node', ['build/src/main.js', '--help'])
  const commands = new Set([...text.matchAll(/npx leporello ([\w-]+)/g)].map(([, name]) => name!))

  t.ok(named.has('start') && named.has('test:all'))
  for (const name of named) t.ok(scripts[name], name)
  t.ok(commands.size > 8)
  for (const command of commands) t.match(help, new RegExp(`^  ${command} `, 'm'))
})

t.test('curl fails when it is refused, unless the refusal is what is shown', async (t) => {
  const lines = shell.replaceAll('\\\n', ' ').split('\n')
  const lenient = lines.filter((line) => /\bcurl /.test(line) && !/\bcurl (?:-f|-N)/.test(line))

  t.ok(lines.some((line) => line.includes('curl -f')))
  t.strictSame(
    lenient.map((line) => line.replace(/^.*8888/, '')),
    [
      "/api/v0.1/container/resolve?id=hello:v1&format=text&arch=riscv64'",
      '/unavailable/arm-only%3Av1/amd64',
      '/storage/containers/other.tar.gz'
    ]
  )
})

t.test('the table of architectures is the one of the program', async (t) => {
  const text = await readFile('docs/architectures.md', 'utf8')
  const [, table] = /\| architecture \| written to `urls` \| also understood \|\n\|[-|]+\|\n([\s\S]*?)\n\n/.exec(text)!
  const rows = table!.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))

  t.ok(rows.length > 10)
  for (const [, architecture, standsUnder, understood] of rows.filter(([, name]) => !name!.startsWith('any '))) {
    t.strictSame([...namesOf(parseArchitecture(architecture!))].sort(), standsUnder!.split(', ').sort())
    for (const name of understood!.split(', ').filter(Boolean)) t.equal(parseArchitecture(name), architecture)
  }
})

t.test('every link in the documentation leads somewhere, and so does every file that it names', async (t) => {
  const missing: string[] = []
  const headingsIn = (text: string) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading!))
  for (const { path: file, text } of pages) {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
    for (const link of links.filter((link) => !/^https?:/.test(link))) {
      const [target, anchor] = link.split('#') as [string, string | undefined]
      const path = target === '' ? file : join(dirname(file), target)
      const found = existsSync(path) && (anchor === undefined || headingsIn(await readFile(path, 'utf8')).includes(anchor))
      if (!found) missing.push(`${file}: ${link}`)
    }
    const paths = [...text.matchAll(/`((?:src|test|tools|examples|benchmarks|migrations|schemas)\/[\w./-]*)`/g)].map(([, path]) => path!)
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
