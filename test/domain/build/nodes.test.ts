import t from 'tap'
import { nodesFrom, parseNodes } from '../../../src/domain/build/nodes.ts'
import { shuffles } from '../../support/shuffles.ts'

interface Node {
  name?: string
  architecture?: string
  labels?: object
  unschedulable?: boolean
  ready?: string
  deleted?: boolean
  system?: string
}

const node = ({ name = 'n', architecture, labels = {}, unschedulable, ready = 'True', deleted, system = 'linux' }: Node) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels, ...(deleted ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {}) },
  spec: unschedulable ? { unschedulable } : {},
  status: {
    conditions: [
      { type: 'MemoryPressure', status: 'False' },
      { type: 'Ready', status: ready }
    ],
    nodeInfo: { operatingSystem: system, kubeletVersion: 'v1.31.0', ...(architecture ? { architecture } : {}) }
  }
})

const list = (...nodes: Node[]) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: nodes.map(node), metadata: { resourceVersion: '' } })

t.test('a node list of oc or kubectl tells the architectures of a cluster, each once', async (t) => {
  const { architectures, counts } = parseNodes(
    list({ architecture: 's390x' }, { architecture: 'arm64' }, { architecture: 'amd64' }, { architecture: 'arm64' })
  )

  t.strictSame(architectures, ['amd64', 'arm64', 's390x'])
  t.equal(counts.get(architectures[1]!), 2)
  t.strictSame(parseNodes(JSON.stringify(node({ architecture: 'arm64' }))).architectures, ['arm64'], 'one node')
  t.strictSame(nodesFrom([node({ architecture: 'arm64' })]).architectures, ['arm64'], 'as jq .items prints them')
})

t.test('a node that does not tell is what its label says', async (t) => {
  t.strictSame(parseNodes(list({ labels: { 'kubernetes.io/arch': 'arm64' } })).architectures, ['arm64'])
  t.strictSame(parseNodes(list({ labels: { 'beta.kubernetes.io/arch': 'arm64' } })).architectures, ['arm64'])
  t.strictSame(
    parseNodes(list({ architecture: 'amd64', labels: { 'kubernetes.io/arch': 'arm64' } })).architectures,
    ['amd64'],
    'a label may be anything'
  )
  t.throws(() => parseNodes(list({ architecture: 'amd64' }, { name: 'bare' })), {
    code: 'parameter_invalid',
    message: 'nodes: items[1] bare has neither status.nodeInfo.architecture nor the label kubernetes.io/arch'
  })
})

t.test('a node that is away for an hour counts, unless only usable ones are asked for; one that goes for good does not', async (t) => {
  const text = list(
    { architecture: 'amd64' },
    { name: 'c', architecture: 'arm64', unschedulable: true },
    { name: 'r', architecture: 's390x', ready: 'Unknown' },
    { name: 'd', architecture: 'ppc64le', deleted: true },
    { name: 'w', architecture: 'riscv64', system: 'windows' }
  )

  t.strictSame(parseNodes(text).architectures, ['amd64', 'arm64', 's390x'])
  t.strictSame(parseNodes(text).passedOver, [
    { name: 'd', why: 'is being deleted' },
    { name: 'w', why: 'runs "windows", not Linux' }
  ])
  t.strictSame(parseNodes(text, { onlyUsable: true }).architectures, ['amd64'])
  t.throws(() => parseNodes(list({ name: 'c', architecture: 'arm64', unschedulable: true }), { onlyUsable: true }), {
    message: 'nodes: items has no node that counts: c is cordoned'
  })
})

t.test('bare names are read as jq or a jsonpath prints them', async (t) => {
  for (const text of [
    'amd64\narm64\namd64\n',
    '"amd64"\r\n"arm64"\r\n',
    "'aarch64' 'x86_64'",
    'arm64 amd64',
    '["arm64", "amd64"]',
    '[\n  "amd64",\n  "arm64"\n]\n',
    '\ufeffarm64,amd64'
  ]) {
    t.strictSame(parseNodes(text).architectures, ['amd64', 'arm64'], JSON.stringify(text))
  }
})

t.test('a bare name that is no known architecture is a typing error, unless any name is taken', async (t) => {
  const message =
    'nodes: [1] is "amd46", which is not a known architecture; known are amd64, arm64, arm/v7, arm/v6, arm/v5, 386, ppc64le, s390x, riscv64, mips64le, loong64, and what such machines call themselves'
  for (const text of ['arm64 amd46', '"arm64"\n"amd46"\n', '["arm64", "amd46"]']) {
    t.throws(() => parseNodes(text), { code: 'parameter_invalid', message }, text)
    t.strictSame(parseNodes(text, { anyName: true }).architectures, ['arm64', 'amd46'])
  }
  t.strictSame(parseNodes(list({ architecture: 'sparc64' })).architectures, ['sparc64'], 'what a machine says of itself is known there')
})

t.test('the order of nodes never shows', async (t) => {
  const names = ['zeta', 'amd64', 'arm64', 'alpha', 's390x', 'aarch64', 'x86_64']

  for (const order of shuffles(names, 40)) {
    t.strictSame(parseNodes(order.join('\n'), { anyName: true }).architectures, ['amd64', 'arm64', 's390x', 'alpha', 'zeta'])
    t.strictSame(parseNodes(list(...order.map((architecture) => ({ architecture })))).architectures, [
      'amd64',
      'arm64',
      's390x',
      'alpha',
      'zeta'
    ])
  }
})

t.test('what is no list of nodes is refused with what was expected', async (t) => {
  const wanted = 'expected what `kubectl get nodes -o json` prints, or names of architectures, one a line'
  const refused = (text: string) => {
    try {
      parseNodes(text)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  t.equal(refused(' \n'), `nodes: is empty; ${wanted}`)
  t.equal(refused('{"kind": "Pod"}'), `nodes: is {"kind":"Pod"}; ${wanted}`)
  t.equal(refused('{"items": []}'), `nodes: items has no nodes; ${wanted}`)
  t.match(refused('{"items": '), /^nodes: is not JSON \(.*\); expected what/)
  t.match(refused('error: You must be logged in to the server (Unauthorized)'), /^nodes: \[0\] "error:" is not the name of an architecture/)
  t.match(refused('["arm64", null]'), 'nodes: [1] is null; expected an architecture\'s name, such as "arm64"')
  t.match(refused(list({ architecture: 'a b' })), /^nodes: items\[0\]\.status\.nodeInfo\.architecture "a b" is not the name/)
  t.match(
    refused(list(...Array.from({ length: 70 }, (_, i) => ({ architecture: `m${i}` })))),
    /names 70 architectures; at most 64 are kept/
  )
})
