import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { whyUnreadable } from '../../config/files.ts'
import { type Architecture, knownArchitectures } from '../../domain/architecture.ts'
import { defaultConfigMap, expectedConfigMap, type Manifest, toYamlDocuments } from '../../domain/build/kubernetes.ts'
import { type Nodes, parseNodes } from '../../domain/build/nodes.ts'
import { type FieldProblem, readArchitecture, readKnownArchitecture, refuseProblems } from '../../domain/json/reading.ts'
import type { ExpectedView } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, output, print, textOf } from '../client/client-command.ts'
import { complain, counted, harmless, misuse, say, type Values } from '../terminal/terminal.ts'

export const expect = clientCommand({
  usage: 'expect [ID] [ARCH...] [--nodes FILE|-] [--usable] [--any-name] [--none] [--configmap] [--dry-run] [--url URL] [--json]',
  description: `Sets which architectures a container must have. Without any, it prints which those are, and where that is set. With --nodes they are those
of a cluster: what "oc get nodes -o json" or "kubectl get nodes -o json" prints, or names as jq prints them. A cluster with nodes of one
architecture expects that one.

With --nodes and without ID it asks no server: it prints the setting by which a server expects them of all containers that nothing else is
set for. Put it into the server's environment, or with --json into the file that LEPORELLO_CONFIG names, and restart the server.`,
  options: {
    nodes: { type: 'string', help: 'a file with the nodes of a cluster; - is standard input' },
    usable: { type: 'boolean', help: 'with --nodes: only nodes that are ready and not cordoned' },
    'any-name': { type: 'boolean', help: 'accept names of unknown architectures, too' },
    none: { type: 'boolean', help: 'remove what is set for this container: rules and the server decide again' },
    configmap: { type: 'boolean', help: 'print them as a Kubernetes ConfigMap' },
    name: { type: 'string', help: 'with --configmap: its name' },
    namespace: { type: 'string', help: 'with --configmap: its namespace' },
    ...changeOptions
  },
  examples: [
    ['leporello expect container-hello:v1 amd64 arm64', 'require both for it to be complete'],
    ['kubectl get nodes -o json | leporello expect container-hello:v1 --nodes -', 'expect what the cluster has'],
    ['kubectl get nodes -o json | leporello expect --nodes - >> leporello.env', 'the same for every container of a server']
  ],
  maxPositionals: 100,
  completes: [[], [...knownArchitectures]],
  run: async ({ api, values, positionals: [id, ...names], json }) => {
    const given = await givenArchitectures(names, values)
    if (id === undefined) return printSetting(given, { values, json })
    const path = pathOf`/api/v1/containers/${id}/expected`
    const format = { values, json }
    if (given === undefined && values['none'] !== true) return printExpected(await api.ask<ExpectedView>({ path }), format)
    const { query, headers, dryRun } = changeOf(values)
    const request = given === undefined ? { method: 'DELETE' } : { method: 'PUT', body: { architectures: given } }
    const answer = await api.ask<ExpectedView & { unchanged: boolean }>({ ...request, path, query, headers })
    return printExpected(answer, { ...format, note: dryRun ? ' (dry run: nothing was written)' : answer.unchanged ? ' (unchanged)' : '' })
  }
})

async function givenArchitectures(names: string[], values: Values): Promise<Architecture[] | undefined> {
  const file = textOf(values, 'nodes')
  const anyName = values['any-name'] === true
  const ways = [names.length > 0, file !== undefined, values['none'] === true].filter(Boolean)
  if (ways.length > 1) throw misuse('expected one of architectures, --nodes and --none')
  if (file === undefined) return names.length > 0 ? named(names, anyName) : undefined
  const nodes = parseNodes(await textIn(file), { onlyUsable: values['usable'] === true, anyName })
  if (nodes.passedOver.length > 0) {
    const count = nodes.passedOver.length
    complain(harmless(`leporello: ${counted(count, 'node')} ${count === 1 ? 'does' : 'do'} not count${passedOver(nodes)}`))
  }
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
  return text(process.stdin)
}

/** The note follows the line. */
type ExpectedFormat = { values: Values; json: boolean; note?: string }

/** Prints the setting by which a server expects architectures of all containers. */
function printSetting(architectures: Architecture[] | undefined, { values, json }: ExpectedFormat): void {
  const ofOne = (['none', 'dry-run', 'reason'] as const).find((name) => values[name] !== undefined)
  if (ofOne !== undefined) throw misuse(`expected the id of a container: --${ofOne} is about one`)
  if (architectures === undefined) throw misuse('expected the id of a container, or --nodes for what a server expects of all')
  if (values['configmap'] === true) printManifest(defaultConfigMap({ ...metadataOf(values), architectures }), json)
  else output(json, { value: { expected: architectures }, line: `LEPORELLO_EXPECTED=${architectures.join(',')}` })
}

const metadataOf = (values: Values) => ({ name: textOf(values, 'name'), namespace: textOf(values, 'namespace') })

const printManifest = (manifest: Manifest, json: boolean): void => (json ? print(manifest) : say(toYamlDocuments([manifest]).trimEnd()))

const sources: Record<ExpectedView['from'], string> = {
  container: 'set for this container',
  rule: 'by a rule',
  default: 'by the default of the server',
  none: 'none are expected'
}

function printExpected(answer: ExpectedView, { values, json, note = '' }: ExpectedFormat): void {
  const { container, from, pattern } = answer
  const architectures = answer.architectures as Architecture[]
  if (values['configmap'] === true) printManifest(expectedConfigMap({ ...metadataOf(values), container, architectures }), json)
  else {
    const source = `${sources[from]}${pattern ? ` for ${pattern}` : ''}`
    output(json, { value: answer, line: `${container}: ${[architectures.join(' '), source].filter(Boolean).join(', ')}${note}` })
  }
}
