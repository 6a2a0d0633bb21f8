import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { goProgram } from '../support/go-programs.ts'
import { startLeporello } from '../support/leporello.ts'
import { type Ended, workspace } from '../support/pipelines.ts'
import { projectFolder } from '../support/project.ts'
import { pythonWithClients } from '../support/python.ts'

/** The pipelines for systems that do not run here: a linter reads each file, and its steps are run as that system would run them. */

const exec = promisify(execFile)
const folder = join(projectFolder, 'examples/pipeline')
const text = (file: string) => readFile(join(folder, file), 'utf8')
const actionlint = { path: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12', name: 'actionlint' }
const tektonLint = '@ibm/tekton-lint@1.1.0'

/** Returns the linter's program, which is installed into the cache the first time. */
async function tektonLinter(): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'leporello/npm')
  const folder = join(cache, tektonLint.replaceAll('/', '-'))
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true })
    const part = await mkdtemp(join(cache, 'install.'))
    await exec('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', part, tektonLint])
    await rename(part, folder).catch(() => rm(part, { recursive: true }))
  }
  return join(folder, 'node_modules/.bin/tekton-lint')
}

/** Returns what the file's linter says of it, and its status. */
const linters: Record<string, (file: string) => Promise<Ended>> = {
  'github-actions.yml': async (file) => ended(await goProgram(actionlint), '-no-color', file),
  async 'gitlab-ci.yml'(file) {
    return ended(
      await pythonWithClients(),
      '-m',
      'check_jsonschema',
      '--builtin-schema',
      'vendor.gitlab-ci',
      '--data-transform',
      'gitlab-ci',
      file
    )
  },
  'tekton.yaml': async (file) => ended(await tektonLinter(), '--max-warnings', '0', file)
}

const ended = (program: string, ...parameters: string[]): Promise<Ended> =>
  exec(program, parameters).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr })
  )

/** Something in each file that its linter must not accept. */
const mistakes: Record<string, [from: string, to: string, says: RegExp]> = {
  'github-actions.yml': ['matrix.architecture', 'matrix.architektur', /architektur/],
  'gitlab-ci.yml': ['allow_failure: true', 'allow_failure: sometimes', /allow_failure/],
  'tekton.yaml': ['$(params.id)', '$(params.name)', /name/]
}

for (const [file, lint] of Object.entries(linters)) {
  t.test(`a linter finds nothing in ${file}, and would find a mistake`, async (t) => {
    const right = await lint(join(folder, file))
    const [from, to, says] = mistakes[file]!
    const wrong = join(t.testdir(), file)
    await writeFile(wrong, (await text(file)).replace(from, to))

    t.equal(right.code, 0, right.stdout + right.stderr)
    const { code, stdout, stderr } = await lint(wrong)
    t.not(code, 0)
    t.match(stdout + stderr, says)
  })
}

interface Steps {
  expect: string[]
  build: string[]
  complete: string[]
  /** The architectures that a job is made for. */
  matrix: string[]
  architectures: string
}

/** Runs what a system would run, each job with its own variables, and expects a container that is complete. */
async function endsComplete(t: Test, { expect, build, complete, matrix, architectures }: Steps): Promise<void> {
  const server = await startLeporello()
  t.teardown(server.stop)
  const { run, view } = await workspace(t, { server })
  const job = async (commands: string[], ARCHITECTURE = ''): Promise<Ended[]> => {
    const all: Ended[] = []
    for (const command of commands) {
      const variables = ['ID=container-hello:v7', `ARCHITECTURES=${architectures}`, `ARCHITECTURE=${ARCHITECTURE}`]
      all.push(await run('env', ...variables, 'sh', '-xec', command))
    }
    return all
  }

  t.strictSame(matrix, architectures.split(' '), 'a job is made for each that is expected')
  const all = [...(await job(expect)), ...(await Promise.all(matrix.map((one) => job(build, one)))).flat(), ...(await job(complete))]

  for (const { code, stderr } of all) t.equal(code, 0, stderr)
  t.match(all.map(({ stdout }) => stdout).join(''), /container-hello:v7: complete/)
  t.match(await view('container-hello:v7'), { state: 'complete', version: 'v7' })
}

t.test('the steps of the Jenkinsfile, run as Jenkins runs them, end complete', async (t) => {
  const jenkinsfile = await text('Jenkinsfile')
  const steps = [...jenkinsfile.matchAll(/sh '''\n([\s\S]*?)'''/g)].map(([, step]) => step!)
  t.equal(steps.length, 3)
  const [expect, build, complete] = steps as [string, string, string]
  const [, architectures] = /ARCHITECTURES = '(.*)'/.exec(jenkinsfile)!
  const [, values] = /values (.*)\n/.exec(jenkinsfile)!
  const matrix = values!.match(/[\w/]+/g)!
  await endsComplete(t, { expect: [expect], build: [build], complete: [complete], matrix, architectures: architectures! })
})

t.test('the steps of the GitHub workflow, run as a runner runs them, end complete', async (t) => {
  const { env, jobs } = parse(await text('github-actions.yml'))
  const steps = (job: string): string[] => jobs[job].steps.flatMap(({ run }: { run?: string }) => run ?? [])
  const matrix = jobs.build.strategy.matrix.include.map(({ architecture }: { architecture: string }) => architecture)
  const named = { expect: steps('expect'), build: steps('build'), complete: steps('complete') }
  await endsComplete(t, { ...named, matrix, architectures: env.ARCHITECTURES })
})

t.test('the scripts of the GitLab file, run as a runner runs them, end complete', async (t) => {
  const { expect, build, complete, variables } = parse(await text('gitlab-ci.yml'))
  const matrix = build.parallel.matrix[0].ARCHITECTURE
  await endsComplete(t, {
    expect: expect.script,
    build: build.script,
    complete: complete.script,
    matrix,
    architectures: variables.ARCHITECTURES
  })
})

t.test('the Tekton Task registers what kaniko built, and reports what it did not', async (t) => {
  const [task] = parseAllDocuments(await text('tekton.yaml')).map((document) => document.toJS())
  const [build, register] = task.spec.steps
  const server = await startLeporello()
  t.teardown(server.stop)
  const { run, view, folder: checkout } = await workspace(t, { server })
  const params = (architecture: string): Record<string, string> => ({
    'params.id': 'hello:1',
    'params.architecture': architecture,
    'params.containerfile': task.spec.params[2].default,
    'workspaces.source.path': checkout
  })
  const filled = (value: string, architecture: string) => value.replace(/\$\((.*?)\)/g, (_, name) => params(architecture)[name]!)
  const step = (architecture: string) => {
    const variables = register.env.map(({ name, value }: { name: string; value: string }) => `${name}=${filled(value, architecture)}`)
    return run('env', ...variables, 'sh', '-c', register.script)
  }
  const written = build.args.map((one: string) => filled(one, 'arm64')).find((one: string) => one.startsWith('--tar-path='))
  await run('leporello', 'expect', 'hello:1', 'amd64', 'arm64')
  await rm(join(checkout, 'amd64.tar'))

  const [amd64, arm64] = await Promise.all([step('amd64'), step('arm64')])

  t.equal(written, `--tar-path=${join(checkout, 'arm64.tar')}`, 'where kaniko writes is where the next step looks')
  t.equal(arm64!.code, 0, arm64!.stderr)
  t.equal(amd64!.code, 1)
  t.match(await view('hello:1'), {
    missing: ['amd64'],
    images: { arm64: { verdict: 'match' } },
    reasons: [{ code: 'build_failed', architecture: 'amd64', message: /built no image for amd64/ }]
  })
})
