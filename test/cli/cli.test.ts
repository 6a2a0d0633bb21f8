import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { commands } from '../../src/cli/commands.ts'
import { program } from '../../src/config/program.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { projectFolder } from '../support/project.ts'
import { leporello } from './command-line.ts'
import { command } from './in-process.ts'

t.test('--version and --help answer on standard output', async (t) => {
  const version = await leporello(t, { args: ['--version'] }).ended
  const help = await command(t, { args: ['--help'] })

  t.strictSame(version, { status: 0, stdout: `${program.version}\n`, stderr: '' })
  t.equal(help.status, 0)
  for (const name of commands.keys()) t.match(help.stdout, `  ${name}`)
})

t.test('every command has help with a usage line, what its exit status says, --json and an example', async (t) => {
  for (const name of commands.keys()) {
    const { status, stdout } = await command(t, { args: [name, '--help'] })

    t.equal(status, 0, name)
    t.match(stdout, `Usage: leporello ${name}`)
    t.match(stdout, /Exit status: 0 /, name)
    t.match(stdout, /^ {2}--json +\S/m, name)
    t.match(stdout, /Examples:\n {2}.*leporello /)
  }
})

t.test('whatever is refused is refused as JSON where JSON was asked for: a misuse, a configuration, a server away', async (t) => {
  const away = { LEPORELLO_URL: 'http://127.0.0.1:1' }
  const json = async (args: string[], environment: Record<string, string> = {}) => {
    const { status, stdout } = await command(t, { args: [...args, '--json'], environment })
    return { status, value: JSON.parse(stdout) }
  }

  for (const name of commands.keys()) {
    t.match(await json([name, '--nonsense']), { status: 64, value: { code: 'usage', detail: "Unknown option '--nonsense'" } }, name)
  }
  for (const args of [['serve', '--check'], ['migrate'], ['fsck'], ['show', 'hello:1'], ['doctor']]) {
    const wrong = await json(args, { LEPORELLO_PORT: 'http' })
    t.match(wrong, { status: 1, value: { code: 'configuration', detail: /LEPORELLO_PORT is "http"/ } }, args.join(' '))
  }
  t.match(await json(['migrate'], { LEPORELLO_DATA: '/proc/leporello/data' }), { status: 1, value: { code: 'unusable' } })
  t.match(await json(['ls'], away), { status: 69, value: { code: 'unreachable' } })
  t.match(await json(['container-met', 'a', '1', '', '.', 'd', away.LEPORELLO_URL]), { status: 69, value: { code: 'unreachable' } })
  t.match(await json(['container-met', 'a', '1']), { status: 255, value: { code: 'usage', detail: /^Metadata requires: ident/ } })
})

t.test('the page about the command line has every command', async (t) => {
  const page = await readFile(join(projectFolder, 'docs/command-line.md'), 'utf8')

  for (const name of commands.keys()) t.match(page, new RegExp(`^## ${name}$`, 'm'), name)
})

t.test('a command, option or argument that is none ends with 64, and says where help is', async (t) => {
  const cases: [string[], RegExp][] = [
    [[], /expected a command/],
    [['serv'], /"serv" is not a command; did you mean serve\?\nTry: leporello --help/],
    [['list'], /"list" is not a command; did you mean ls\?\n/],
    [['serve', '--chek'], /Unknown option '--chek'; did you mean --check\?\nTry: leporello serve --help/],
    [['ls', '--architecture', 'arm64'], /Unknown option '--architecture'; did you mean --arch\?\n/],
    [['rm', 'hello:1', '--dryrun'], /Unknown option '--dryrun'; did you mean --dry-run\?\n/],
    [['expect', 'hello:1', '--config-map'], /did you mean --configmap\?\n/],
    [
      ['resolve', 'hello:1', '--architecture', 'arm64'],
      /Unknown option '--architecture'; the architecture is an argument: leporello resolve ID ARCH\n/
    ],
    [['plan', 'hello:1', '--configmap'], /Unknown option '--configmap'; expect has it\n/],
    [['migrate', 'now'], /"now" is one argument too many\nTry: leporello migrate --help/]
  ]
  for (const [args, words] of cases) {
    const { status, stdout, stderr } = await leporello(t, { args }).ended

    t.equal(status, 64, args.join(' '))
    t.match(stderr, words)
    t.equal(stdout, '')
  }
})

t.test('a wrong configuration ends with 1 and lists every problem', async (t) => {
  const environment = { LEPORELLO_PORT: 'http', LEPORELLO_STORE: 'mongodb', LEPORELLO_DATTA: 'x' }

  for (const args of [['serve'], ['serve', '--check'], ['migrate']]) {
    const { status, stderr } = await command(t, { args, environment })

    t.equal(status, 1, args.join(' '))
    t.match(stderr, 'LEPORELLO_PORT is "http"; expected a whole number from 0 to 65535')
    t.match(stderr, 'LEPORELLO_STORE is "mongodb"; expected one of embedded, elasticsearch')
    t.match(stderr, 'LEPORELLO_DATTA is not a variable of Leporello; did you mean LEPORELLO_DATA?')
  }
})

t.test('migrate says what it applied, and that a second time there is nothing to do', async (t) => {
  const args = ['migrate', '--json']
  const environment = { LEPORELLO_DATA: temporaryDirectory(t) }

  const first = await command(t, { args, environment })
  const second = await command(t, { args, environment })
  const words = await command(t, { args: ['migrate'], environment })

  t.match(JSON.parse(first.stdout), { version: Number, applied: [/^0001-/] })
  t.strictSame(JSON.parse(second.stdout), { version: JSON.parse(first.stdout).version, applied: [] })
  t.match(words, { status: 0, stdout: /^Nothing to do: the store is at version \d+\.\n$/ })
})
