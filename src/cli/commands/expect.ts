import { readFile } from 'node:fs/promises'
import { whyUnreadable } from '../../config/files.ts'
import { type Architecture, knownArchitectures } from '../../domain/architecture.ts'
import { defaultConfigMap, expectedConfigMap, type Manifest, toYamlDocuments } from '../../domain/build/kubernetes.ts'
import { type Nodes, parseNodes } from '../../domain/build/nodes.ts'
import { type FieldProblem, readArchitecture, readKnownArchitecture, refuseProblems } from '../../domain/json/reading.ts'
import type { ExpectedView } from '../../schemas.ts'
import { type Api, pathOf } from '../client/api.ts'
import { misuse } from '../client/api-error.ts'
import { changeOf, changeOptions, clientCommand, print, textOf } from '../client/client-command.ts'
import { complain, exit, say, type Values } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

export const expect = clientCommand({
  usage: 'expect [ID] [ARCH...] [--nodes FILE|-] [--usable] [--any-name] [--none] [--configmap] [--dry-run] [--url URL] [--json]',
  description: `Says which architectures a container shall have; without any, tells which those are and who says so. With --nodes they are those of
a cluster: what "oc get nodes -o json" or "kubectl get nodes -o json" prints, or bare names as jq prints them. A cluster that could be
mixed but is not expects one.

With --nodes and without ID it asks no server: it prints what every container shall have for which nothing else is said, as the setting of
the server that says so. Put it into the server's environment, or with --json into the file that LEPORELLO_CONFIG names, and start it again.`,
  options: {
    nodes: { type: 'string', help: 'a file with the nodes of a cluster, - is standard input' },
    usable: { type: 'boolean', help: 'with --nodes: only those that are ready and not cordoned' },
    'any-name': { type: 'boolean', help: 'take names of architectures that are not known, too' },
    none: { type: 'boolean', help: 'say nothing of this container: rules and the server decide again' },
    configmap: { type: 'boolean', help: 'show them as a Kubernetes ConfigMap' },
    name: { type: 'string', help: 'with --configmap: its name' },
    namespace: { type: 'string', help: 'with --configmap' },
    ...changeOptions
  },
  examples: [
    { command: 'leporello expect container-hello:v1 amd64 arm64', does: 'wait for both before it counts as complete' },
    { command: 'kubectl get nodes -o json | leporello expect container-hello:v1 --nodes -', does: 'expect what the cluster has' },
    { command: 'kubectl get nodes -o json | leporello expect --nodes - >> leporello.env', does: 'the same of every container of a server' }
  ],
  maxPositionals: 100,
  completes: [[], [...knownArchitectures]],
  run: async ({ api, values, positionals: [id, ...names], json }) => {
    const given = await givenArchitectures(names, values)
    if (id === undefined) return setting(given, { values, json })
    const path = pathOf`/api/v1/containers/${id}/expected`
    const shown = { values, json }
    if (given === undefined && values['none'] !== true) return told(await api.ask<ExpectedView>({ path }), shown)
    const { query, headers, dryRun } = changeOf(values)
    const answer = await change(api, { given, path, query, headers })
    return told(answer, { ...shown, note: dryRun ? ' (dry run: nothing was written)' : answer.unchanged ? ' (unchanged)' : '' })
  }
})

type Answer = ExpectedView & { unchanged: boolean }

const change = (api: Api, { given, ...request }: { given: Architecture[] | undefined } & Parameters<Api['ask']>[0]): Promise<Answer> =>
  given === undefined
    ? api.ask<Answer>({ ...request, method: 'DELETE' })
    : api.ask<Answer>({ ...request, method: 'PUT', body: { architectures: given } })

async function givenArchitectures(names: string[], values: Values): Promise<Architecture[] | undefined> {
  const file = textOf(values, 'nodes')
  const anyName = values['any-name'] === true
  const ways = [names.length > 0, file !== undefined, values['none'] === true].filter(Boolean)
  if (ways.length > 1) throw misuse('expected one of architectures, --nodes and --none')
  if (file === undefined) return names.length > 0 ? named(names, anyName) : undefined
  const nodes = parseNodes(await textIn(file), { onlyUsable: values['usable'] === true, anyName })
  if (nodes.passedOver.length > 0) complain(harmless(`leporello: ${nodes.passedOver.length} nodes do not count${passedOver(nodes)}`))
  return nodes.architectures
}

function named(names: string[], anyName: boolean): Architecture[] {
  const problems: FieldProblem[] = []
  const read = anyName ? readArchitecture : readKnownArchitecture
  const found = names.flatMap((name, i) => read(name, { path: `[${i}]`, problems }) ?? [])
  refuseProblems('architectures', problems)
  return found
}

const passedOver = ({ passedOver: [first] }: Nodes) => (first ? `: ${first.name} ${first.why}` : '')

async function textIn(file: string): Promise<string> {
  if (file !== '-') {
    return readFile(file, 'utf8').catch((error) => {
      throw misuse(`--nodes names ${file}, which ${whyUnreadable(error)}; expected what "kubectl get nodes -o json" prints`)
    })
  }
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk
  return text
}

interface Shown {
  values: Values
  json: boolean
}

/** What a server expects of containers of which nothing else is said, as it stands in its configuration. */
function setting(architectures: Architecture[] | undefined, { values, json }: Shown): number {
  const ofOne = (['none', 'dry-run', 'reason'] as const).find((name) => values[name] !== undefined)
  if (ofOne !== undefined) throw misuse(`expected the id of a container, which --${ofOne} is about`)
  if (architectures === undefined) throw misuse('expected the id of a container, or --nodes for what a server expects of all')
  if (values['configmap'] === true) manifest(defaultConfigMap({ ...placeOf(values), architectures }), json)
  else if (json) print({ expected: architectures })
  else say(`LEPORELLO_EXPECTED=${architectures.join(',')}`)
  return exit.done
}

const placeOf = (values: Values) => ({ name: textOf(values, 'name'), namespace: textOf(values, 'namespace') })

function manifest(one: Manifest, json: boolean): void {
  if (json) print(one)
  else say(toYamlDocuments([one]).trimEnd())
}

const sources: Record<ExpectedView['from'], string> = {
  container: 'said of this container',
  rule: 'by a rule',
  default: 'by default of the server',
  none: 'nobody expects any'
}

function told(answer: ExpectedView, { values, json, note = '' }: Shown & { note?: string }): number {
  const { container, from, pattern } = answer
  const architectures = answer.architectures as Architecture[]
  if (values['configmap'] === true) manifest(expectedConfigMap({ ...placeOf(values), container, architectures }), json)
  else if (json) print(answer)
  else
    say(
      harmless(
        `${container}: ${[architectures.join(' '), `${sources[from]}${pattern ? ` for ${pattern}` : ''}`].filter(Boolean).join(', ')}${note}`
      )
    )
  return exit.done
}
