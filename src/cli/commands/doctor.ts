import type { Config } from '../../config/config.ts'
import { builderSettings } from '../../config/environment.ts'
import { type Diagnosis, diagnosis } from '../../domain/container/diagnosis.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { type Api, type ApiError, apiFor, insecureOption, serverOptions, trustFrom } from '../client/api.ts'
import { configured, numberOf, print, textOf } from '../client/client-command.ts'
import { type Trust, unreachable } from '../client/http-client.ts'
import { type Command, counted, exit, harmless, paintFor, say, type Values } from '../terminal/terminal.ts'
import { environmentFindings, tryStorage } from './doctor-build.ts'
import {
  checkAccess,
  demandFindings,
  isLeporello,
  mozartFinding,
  oldWorkers,
  readiness,
  routes,
  tryRegistering,
  tryTarball
} from './doctor-checks.ts'
import { containerFindings } from './doctor-records.ts'
import { createDoctorReport, type DoctorReport } from './doctor-report.ts'

export const doctor: Command = {
  usage: 'doctor [ID...] [--all] [--write] [--storage PLACE] [--build] [--patience SECONDS] [--insecure] [--url URL] [--json]',
  description: `Looks for faults of containers with several architectures. Says of each what it means and what to do; then what is worth knowing, and
what was tried and works. Without ID it checks the server; with ID or --all also its records: no urls, names that a worker will not find, a
url for machines other than x86_64, the digest of another architecture, images that are gone, mislabelled or broken, or that machines asked
for in vain. It works with an old Mozart as well as with Leporello.

It writes nothing without --write. With it, it registers a container of its own and removes it again, to see whether urls is kept, and does
the same with a tarball in the server's store. --build tries everything that a build job needs, in the environment of that job.

Exit status: 0 nothing is wrong, 1 something is, 64 usage, 69 server not reachable.`,
  options: {
    all: { type: 'boolean', help: 'check every container of the server' },
    write: { type: 'boolean', help: 'try writing, too' },
    storage: { type: 'string', help: "the builder's STORAGE_URL: try whether a tarball can be put there" },
    build: { type: 'boolean', help: 'like --write, with --url and --storage from MOZART_REST_URL and STORAGE_URL' },
    patience: { type: 'string', help: 'how many seconds to wait for a storage that does not answer; default: 60' },
    insecure: insecureOption,
    ...serverOptions,
    json: { type: 'boolean', help: 'print the findings as JSON' }
  },
  examples: [
    ['leporello doctor container-hello:v1', 'find out why a job fails with "exec format error"'],
    ['leporello doctor --write --storage s3://bucket/containers', 'try everything that a build needs'],
    ['leporello doctor --build', 'the same within a Jenkins job, as that job is configured']
  ],
  maxPositionals: 100,
  run: configured('doctor', (config, { values: given, positionals }) => {
    const values = given['build'] === true ? asBuild(given) : given
    const trust = trustFrom(config.client, values)
    return run(positionals, { config, api: apiFor(config, { values, trust }), trust, values })
  })
}

function asBuild(given: Values): Values {
  const { MOZART_REST_URL: url, STORAGE_URL: storage } = builderSettings()
  return { write: true, ...(url && { url }), ...(storage && { storage }), ...given }
}

type Consultation = { config: Config; api: Api; trust: Trust; values: Values }

async function run(ids: string[], consultation: Consultation): Promise<number> {
  const { config, api, trust, values } = consultation
  const json = values['json'] === true
  const patienceMs = (numberOf(values, { name: 'patience', least: 1 }) ?? 60) * 1000
  const report = createDoctorReport({ paint: paintFor(process.stdout), quiet: json })
  if (values['build'] === true) report.add(environmentFindings(builderSettings()), 'MOZART_REST_URL and STORAGE_URL are set')
  const { checked, away } = await checkServer(ids, consultation, report).then(
    (checked) => ({ checked, away: false }),
    (error: ApiError) => {
      if (error.code !== unreachable) throw error
      report.add(unreachableFinding(error))
      return { checked: 0, away: true }
    }
  )
  const storage = textOf(values, 'storage')
  const trial = storage === undefined ? undefined : await tryStorage(storage, { objects: config.objects, trust, withinMs: patienceMs })
  if (trial) report.add(trial.findings, `a tarball can be put at ${maskSecrets(storage!)} and deleted`)
  report.end()
  const { wrong, findings, passed } = report.found
  if (json) print({ server: api.url, ok: !wrong, checked, findings, passed })
  else if (!wrong)
    say(`Nothing is wrong${checked === 0 ? '' : ` with ${checked === 1 && ids[0] ? harmless(ids[0]) : counted(checked, 'container')}`}.`)
  const status = away ? exit.unreachable : wrong ? exit.wrong : exit.done
  // the connection to a storage that does not answer would keep this process alive
  if (trial?.silent) process.exit(status)
  return status
}

/** Checks the server and its records. Returns how many records. Throws when the server cannot be reached. */
async function checkServer(ids: string[], { api, trust, values }: Consultation, report: DoctorReport): Promise<number> {
  const all = values['all'] === true
  const leporello = await isLeporello(api)
  if (leporello) {
    report.add(await readiness(api), `${api.url} is Leporello, and ready`)
    const access = await checkAccess(api)
    report.add(access.findings, access.words)
    if (!access.mayRead) return 0
    report.add(await routes(api), 'container routes reach it')
    report.add(await oldWorkers(api), 'every machine said what architecture it has')
  } else report.add(await mozartFinding(api))
  if (values['write'] === true) {
    report.add(await tryRegistering(api), 'a container can be registered, read back and removed')
    if (leporello) report.add(await tryTarball(api), "a tarball can be put into the server's store and deleted")
  }
  if (leporello) report.add(await demandFindings(api, all || ids.length === 0 ? undefined : ids), 'no machine asked for an image in vain')
  let checked = 0
  let well = 0
  // one after another, in the order of the server's list, so that the server is not put under load
  for (const id of all ? await everyId(api) : ids) {
    const findings = await containerFindings(id, { api, trust, leporello })
    report.add(findings, all ? undefined : `${id}: its record and its images`)
    checked += 1
    if (findings.length === 0) well += 1
  }
  if (all && well > 0) report.add([], `${well} of ${counted(checked, 'container')}: record and images`)
  return checked
}

const unreachableFinding = ({ message }: Error): Diagnosis =>
  diagnosis('wrong', null)('server_unreachable', {
    message,
    meaning: "Builds fail at registration: the builder's POST to container/add gets no answer.",
    advice: 'Start the server; compare the address with MOZART_REST_URL and LEPORELLO_URL; look for a proxy or a firewall in between.'
  })

const everyId = async (api: Api): Promise<string[]> =>
  (await api.ask<{ result: string[] }>({ path: '/api/v0.1/container/list', timeoutMs: 120_000 })).result
