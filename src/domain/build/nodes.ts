import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import { checkJsonBounds } from '../json/json-bounds.ts'
import {
  asFields,
  asList,
  type FieldPlace,
  type FieldProblem,
  type JsonFields,
  noOthers,
  readArchitecture,
  readKnownArchitecture,
  refuseProblems,
  refuseRequest,
  shown
} from '../json/reading.ts'
import { parseStrict } from '../json/strict.ts'
import { maxArchitectures } from './build-status.ts'
import { readArchitectures } from './rules.ts'

/** The machines of a cluster. */
export interface Nodes {
  /** Each once, in the table's order. */
  architectures: Architecture[]
  /** How many nodes each has. */
  counts: Map<Architecture, number>
  /** Nodes that cannot run our images, and why. */
  passedOver: { name: string; why: string }[]
}

export interface NodeOptions {
  /**
   * Only nodes that take new work now: Ready, and not cordoned. By default all count: a node that is drained for an upgrade comes back
   * within the hour, and its image must be there then, where an image too many does no harm.
   */
  onlyUsable?: boolean
  /** Accepts any well-formed name of an architecture. By default a bare name must be a known one: others are typing errors. */
  anyName?: boolean
}

/** Reads which architectures to expect: `{"architectures": […]}`, or anything that lists a cluster's nodes. Throws parameter_invalid, json_invalid. */
export function parseExpected(text: string): Architecture[] {
  if (!/^\ufeff?\s*\{/.test(text)) return parseNodes(text).architectures
  const value = parseStrict(text, { what: 'the body', values: maxNodesValues })
  const fields = asFields(value) ?? {}
  if (fields['items'] !== undefined || fields['kind'] !== undefined) return nodesFrom(value).architectures
  const problems: FieldProblem[] = []
  noOthers(fields, { names: ['architectures'], path: '', problems })
  const architectures = readArchitectures(fields['architectures'], { path: 'architectures', problems })
  refuseProblems('body', problems)
  return architectures
}

const maxNodes = 50_000

/**
 * Returns the architectures of a cluster: from `oc get nodes -o json` or `kubectl get nodes -o json`, as a list or one node; or bare names as
 * `jq` or a jsonpath print them, with or without quotes, between white space or commas. Throws parameter_invalid.
 */
export function parseNodes(text: string, options: NodeOptions = {}): Nodes {
  const trimmed = text.replace(/^\ufeff/, '').trim()
  if (trimmed === '') refuseRequest('nodes', { path: '', message: `is empty; expected ${wanted}` })
  if (/^[[{]/.test(trimmed)) return nodesFrom(parsed(trimmed), options)
  return nodesFrom(
    trimmed.split(/[\s,]+/).map((word) => /^(["'])(.*)\1$/.exec(word)?.[2] ?? word),
    options
  )
}

const wanted = 'what `kubectl get nodes -o json` prints, or names of architectures, one a line'

/** Enough for a thousand nodes, each with its images, labels and conditions, several times over. */
const maxNodesValues = 2_000_000

function parsed(text: string): unknown {
  checkJsonBounds(text, { what: 'nodes', values: maxNodesValues })
  try {
    return JSON.parse(text)
  } catch (error) {
    refuseRequest('nodes', { path: '', message: `is not JSON (${(error as Error).message}); expected ${wanted}` })
  }
}

/** Returns the same from a value: a Kubernetes list, a node, or a list of nodes or names. Throws parameter_invalid. */
export function nodesFrom(value: unknown, { onlyUsable = false, anyName = false }: NodeOptions = {}): Nodes {
  const { items, root } = itemsOf(value)
  const named = anyName ? readArchitecture : readKnownArchitecture
  const problems: FieldProblem[] = []
  if (items.length > maxNodes) problems.push({ path: root, message: `has ${items.length} nodes; at most ${maxNodes} are read` })
  const nodes: Nodes = { architectures: [], counts: new Map(), passedOver: [] }
  for (const [i, item] of items.slice(0, maxNodes).entries()) {
    const path = root === '' && items.length === 1 && !Array.isArray(value) ? '' : `${root}[${i}]`
    const node = asFields(item)
    const why = node && unfit(node, onlyUsable)
    if (why) nodes.passedOver.push({ name: nameOf(node), why })
    const architecture = why ? undefined : node ? architectureOf(node, { path, problems }) : named(item, { path, problems })
    if (architecture !== undefined) nodes.counts.set(architecture, (nodes.counts.get(architecture) ?? 0) + 1)
  }
  nodes.architectures = uniqueInTableOrder(nodes.counts.keys())
  if (nodes.architectures.length > maxArchitectures) {
    problems.push({ path: root, message: `names ${nodes.architectures.length} architectures; at most ${maxArchitectures} are kept` })
  }
  if (problems.length === 0 && nodes.architectures.length === 0) problems.push({ path: root, message: noneLeft(nodes) })
  refuseProblems('nodes', problems)
  return nodes
}

function noneLeft({ passedOver }: Nodes): string {
  if (passedOver.length === 0) return `has no nodes; expected ${wanted}`
  const some = passedOver.slice(0, 3).map(({ name, why }) => `${name} ${why}`)
  return `has no node that counts: ${some.join(', ')}${passedOver.length > 3 ? ' …' : ''}`
}

function itemsOf(value: unknown): { items: readonly unknown[]; root: string } {
  if (Array.isArray(value)) return { items: value, root: '' }
  const fields = asFields(value)
  if (fields && Array.isArray(fields['items'])) return { items: fields['items'], root: 'items' }
  if (fields && (fields['kind'] === 'Node' || asFields(fields['status'])?.['nodeInfo'] !== undefined)) return { items: [value], root: '' }
  return refuseRequest('nodes', { path: '', message: `is ${shown(value)}; expected ${wanted}` })
}

const metadataOf = (node: JsonFields): JsonFields => asFields(node['metadata']) ?? {}
const labelsOf = (node: JsonFields): JsonFields => asFields(metadataOf(node)['labels']) ?? {}
const nameOf = (node: JsonFields): string => String(metadataOf(node)['name'] ?? 'a node').slice(0, 253)
const infoOf = (node: JsonFields): JsonFields => asFields(asFields(node['status'])?.['nodeInfo']) ?? {}

/** Returns why a node does not count. One that is being deleted does not come back; images are for Linux. */
function unfit(node: JsonFields, onlyUsable: boolean): string | undefined {
  if (metadataOf(node)['deletionTimestamp']) return 'is being deleted'
  const system = infoOf(node)['operatingSystem'] ?? labelsOf(node)['kubernetes.io/os'] ?? 'linux'
  if (system !== 'linux') return `runs ${shown(system)}, not Linux`
  if (!onlyUsable) return undefined
  if (asFields(node['spec'])?.['unschedulable'] === true) return 'is cordoned'
  const ready = asList(asFields(node['status'])?.['conditions']).find((one) => asFields(one)?.['type'] === 'Ready')
  return asFields(ready)?.['status'] === 'True' ? undefined : 'is not Ready'
}

/** The kubelet knows its machine; a label may have been set by hand. */
function architectureOf(node: JsonFields, { path, problems }: FieldPlace): Architecture | undefined {
  const at = path === '' ? '' : `${path}.`
  const told = infoOf(node)['architecture']
  if (told !== undefined) return readArchitecture(told, { path: `${at}status.nodeInfo.architecture`, problems })
  const label = labelsOf(node)['kubernetes.io/arch'] ?? labelsOf(node)['beta.kubernetes.io/arch']
  if (label !== undefined) return readArchitecture(label, { path: `${at}metadata.labels["kubernetes.io/arch"]`, problems })
  const message = `${nameOf(node)} has neither status.nodeInfo.architecture nor the label kubernetes.io/arch`
  problems.push({ path: path || 'node', message })
  return undefined
}
