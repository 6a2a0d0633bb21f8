import { builderSettings } from '../../config/builder.ts'
import type { Config } from '../../config/config.ts'
import { type Diagnosis, knownFindings, recordFindings } from '../../domain/container/diagnosis.ts'
import type { ContainerView } from '../../schemas.ts'
import { type Api, type ApiError, apiFor, pathOf, urlOption } from '../client/api.ts'
import { attempt, numberOf, print, textOf } from '../client/client-command.ts'
import { unreachable } from '../client/http-client.ts'
import { withConfig } from '../client/start.ts'
import { type Command, exit, say, type Values } from '../terminal/command.ts'
import { harmless, type Paint, paintFor } from '../terminal/terminal.ts'
import { environmentFindings, tryStorage } from './doctor-build.ts'
import { deadUrls, documentOf, oldWorkers, serverFindings, writeFindings } from './doctor-checks.ts'
import { demandFindings } from './doctor-demand.ts'

export const doctor: Command = {
  usage: 'doctor [ID...] [--all] [--write] [--storage PLACE] [--build] [--patience SECONDS] [--url URL] [--json]',
  description: `Looks for what goes wrong with containers for several architectures, and says of each what it means and what to do. Without ID: the
server. With ID, or --all: its records too: no urls, names that a worker will not find, url for other machines than x86_64, a digest of
another architecture, images that are gone, mislabelled, or broken, or that machines asked for in vain. It speaks to a Mozart of old as well
as to Leporello.

It writes nothing, unless --write: then it registers a container of its own and removes it again, to see whether urls is kept, and does the
same with a tarball in the server's store. --build does all that the job of a build needs, in that job's own environment.

Exit status: 0 nothing is wrong, 1 something is, 64 usage, 69 server not reachable.`,
  options: {
    all: { type: 'boolean', help: 'every container of the server' },
    write: { type: 'boolean', help: 'try writing, too' },
    storage: { type: 'string', help: "the builder's STORAGE_URL: try whether a tarball can be put there" },
    build: { type: 'boolean', help: '--write, --storage and --url as MOZART_REST_URL and STORAGE_URL of this environment say' },
    patience: { type: 'string', help: 'for how many seconds to wait for a storage that says nothing; default: 60' },
    url: urlOption,
    json: { type: 'boolean', help: 'the findings as JSON' }
  },
  examples: [
    { command: 'leporello doctor container-hello:v1', does: 'say why a job fails with "exec format error"' },
    { command: 'leporello doctor --write --storage s3://bucket/containers', does: 'try everything that a build will need' },
    { command: 'leporello doctor --build', does: 'the same within a job of Jenkins, as that is configured' }
  ],
  maxPositionals: 100,
  run: ({ values: given, positionals }) =>
    withConfig(
      (config) =>
        attempt({ values: given, name: 'doctor' }, () => {
          const values = given['build'] === true ? asBuild(given) : given
          return run(positionals, { config, api: apiFor(config, values), values })
        }),
      { json: given['json'] === true }
    )
}

/** As the job of a build is told to. */
function asBuild(given: Values): Values {
  const { MOZART_REST_URL: url, STORAGE_URL: storage } = builderSettings()
  return { write: true, ...(url && { url }), ...(storage && { storage }), ...given }
}

interface Asked {
  config: Config
  api: Api
  values: Values
}

async function run(ids: string[], { config, api, values }: Asked): Promise<number> {
  const json = values['json'] === true
  const paint = paintFor(process.stdout)
  const patienceMs = (numberOf(values, { name: 'patience', least: 1 }) ?? 60) * 1000
  const findings: Diagnosis[] = []
  const tell = (more: Diagnosis[]) => {
    for (const one of more) {
      if (findings.length < maxFindings) findings.push(one)
      if (!json) for (const line of lines(one, paint)) say(line)
    }
    wrong ||= more.some(({ severity }) => severity === 'wrong')
  }
  let wrong = false
  let away = false
  let silent = false
  let checked = 0
  if (values['build'] === true) tell(environmentFindings(builderSettings()))
  try {
    const { findings: first, leporello } = await serverFindings(api)
    tell(first)
    if (leporello) tell(await oldWorkers(api))
    if (values['write'] === true) tell(await writeFindings(api, { leporello }))
    if (leporello) tell(await demandFindings(api, values['all'] === true || ids.length === 0 ? undefined : ids))
    for await (const id of values['all'] === true ? everyId(api) : ids) {
      tell(await containerFindings(id, { api, leporello }))
      checked += 1
    }
  } catch (error) {
    if ((error as ApiError).code !== unreachable) throw error
    away = true
    tell([unreachableFinding(error as Error)])
  }
  const storage = textOf(values, 'storage')
  if (storage !== undefined) {
    const trial = await tryStorage(storage, { config, withinMs: patienceMs })
    silent = trial.silent
    tell(trial.findings)
  }
  if (json) print({ server: api.url, ok: !wrong, checked, findings })
  else if (findings.length === 0)
    say(`Nothing is wrong${checked > 0 ? ` with ${checked === 1 ? harmless(ids[0] ?? 'the container') : `${checked} containers`}` : ''}.`)
  const status = away ? exit.unreachable : wrong ? exit.wrong : exit.done
  // a connection that says nothing would keep this program waiting for it
  if (silent) process.exit(status)
  return status
}

/** For --json; on standard output they are told as they are found. */
const maxFindings = 10_000

const unreachableFinding = ({ message }: Error): Diagnosis => ({
  code: 'server_unreachable',
  severity: 'wrong',
  container: null,
  architecture: null,
  message,
  meaning: "Builds fail at registration: the builder's POST to container/add reaches nobody.",
  advice: 'Start the server; compare the address with MOZART_REST_URL and LEPORELLO_URL; look for a proxy or a firewall in between.'
})

/** In the order in which the server lists them, one after another: a thorough look is no load test. */
async function* everyId(api: Api): AsyncGenerator<string> {
  const { result } = await api.ask<{ result: string[] }>({ path: '/api/v0.1/container/list', timeoutMs: 120_000 })
  yield* result
}

async function containerFindings(id: string, { api, leporello }: { api: Api; leporello: boolean }): Promise<Diagnosis[]> {
  const document = await documentOf(id, { api, leporello })
  if (document === undefined) {
    return [
      {
        code: 'container_unknown',
        severity: 'wrong',
        container: id,
        architecture: null,
        message: 'there is no such container',
        meaning: 'Jobs that name it cannot be submitted.',
        advice: 'Compare the name with leporello ls; if it was there, leporello ls --deleted or the history may know when it went.'
      }
    ]
  }
  const record = recordFindings(id, document)
  if (!leporello) return [...record, ...(await deadUrls(id, JSON.parse(document)))]
  const view = await api.ask<ContainerView>({ path: pathOf`/api/v1/containers/${id}` })
  const known = knownFindings(view)
  const gone = new Set(known.filter(({ code }) => code === 'gone').map(({ architecture }) => architecture))
  return [...record, ...known, ...(await deadUrls(id, JSON.parse(document))).filter(({ architecture }) => !gone.has(architecture))]
}

function lines({ severity, code, container, architecture, message, meaning, advice }: Diagnosis, paint: Paint): string[] {
  const about = [container, architecture].filter((part) => part !== null).join('  ')
  return [
    `${severity === 'wrong' ? paint('WRONG', 'red') : paint('note ', 'yellow')}  ${paint(harmless(about === '' ? code : `${about}  ${code}`), 'bold')}: ${harmless(message)}`,
    `       ${harmless(meaning)}`,
    `       To do: ${harmless(advice)}`
  ]
}
