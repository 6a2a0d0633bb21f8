import { readFile } from 'node:fs/promises'
import { parseArchitecture } from '../domain/architecture.ts'
import { type Nodes, parseNodes } from '../domain/nodes.ts'
import type { ExpectedView } from '../schemas.ts'
import { type Api, misuse, pathOf } from './api.ts'
import { changeOf, changeOptions, clientCommand, print, textOf } from './client-command.ts'
import { complain, exit, say, type Values } from './command.ts'
import { harmless } from './terminal.ts'

export const expect = clientCommand({
  usage: 'expect ID [ARCH...] [--nodes FILE|-] [--usable] [--none] [--configmap] [--dry-run] [--url URL] [--json]',
  description: `Says which architectures a container shall have; without any, tells which those are and who says so. With --nodes they are those of
a cluster: what "oc get nodes -o json" or "kubectl get nodes -o json" prints, or bare names as jq prints them. A cluster that could be
mixed but is not expects one.`,
  options: {
    nodes: { type: 'string', help: 'a file with the nodes of a cluster, - is standard input' },
    usable: { type: 'boolean', help: 'with --nodes: only those that are ready and not cordoned' },
    none: { type: 'boolean', help: 'say nothing of this container: rules and the server decide again' },
    configmap: { type: 'boolean', help: 'show them as a Kubernetes ConfigMap' },
    name: { type: 'string', help: 'with --configmap: its name' },
    namespace: { type: 'string', help: 'with --configmap' },
    ...changeOptions
  },
  examples: [
    { command: 'leporello expect container-hello:v1 amd64 arm64', does: 'wait for both before it counts as complete' },
    { command: 'kubectl get nodes -o json | leporello expect container-hello:v1 --nodes -', does: 'expect what the cluster has' }
  ],
  needs: ['the id of a container'],
  maxPositionals: 100,
  run: async ({ api, values, positionals: [id, ...names], json }) => {
    const path = pathOf`/api/v1/containers/${id!}/expected`
    if (values['configmap'] === true) return configMap(api, { path, values })
    const given = await givenArchitectures(names, values)
    if (given === undefined && values['none'] !== true) return told(await api.ask<ExpectedView>({ path }), { json })
    const { query, headers, dryRun } = changeOf(values)
    const change = { path, query, headers }
    const answer = await (given
      ? api.ask<Answer>({ ...change, method: 'PUT', body: { architectures: given } })
      : api.ask<Answer>({ ...change, method: 'DELETE' }))
    return told(answer, { json, note: dryRun ? ' (dry run: nothing was written)' : answer.unchanged ? ' (unchanged)' : '' })
  }
})

type Answer = ExpectedView & { unchanged: boolean }

async function givenArchitectures(names: string[], values: Values): Promise<string[] | undefined> {
  const file = textOf(values, 'nodes')
  const ways = [names.length > 0, file !== undefined, values['none'] === true].filter(Boolean)
  if (ways.length > 1) throw misuse('expected one of architectures, --nodes and --none')
  if (file === undefined) return names.length > 0 ? names.map(parseArchitecture) : undefined
  const nodes = parseNodes(await textIn(file), { onlyUsable: values['usable'] === true })
  if (nodes.architectures.length === 0) throw misuse(`--nodes: ${file} tells no architecture${passedOver(nodes)}`)
  if (nodes.passedOver.length > 0) complain(harmless(`leporello: ${nodes.passedOver.length} nodes do not count${passedOver(nodes)}`))
  return nodes.architectures
}

const passedOver = ({ passedOver: [first] }: Nodes) => (first ? `: ${first.name} ${first.why}` : '')

async function textIn(file: string): Promise<string> {
  if (file !== '-') {
    return readFile(file, 'utf8').catch((error: Error) => {
      throw misuse(`--nodes: ${error.message}`)
    })
  }
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk
  return text
}

async function configMap(api: Api, { path, values }: { path: string; values: Values }): Promise<number> {
  const query = { format: 'configmap', name: textOf(values, 'name'), namespace: textOf(values, 'namespace') }
  say((await api.text({ path, query })).trimEnd())
  return exit.done
}

const sources: Record<ExpectedView['from'], string> = {
  container: 'said of this container',
  rule: 'by a rule',
  default: 'by default of the server',
  none: 'nobody expects any'
}

function told(answer: ExpectedView, { json, note = '' }: { json: boolean; note?: string }): number {
  const { container, architectures, from, pattern } = answer
  if (json) print(answer)
  else
    say(
      harmless(
        `${container}: ${[architectures.join(' '), `${sources[from]}${pattern ? ` for ${pattern}` : ''}`].filter(Boolean).join(', ')}${note}`
      )
    )
  return exit.done
}
