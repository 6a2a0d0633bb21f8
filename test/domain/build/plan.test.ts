import { createHash } from 'node:crypto'
import t from 'tap'
import { parse } from 'yaml'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { toYaml } from '../../../src/domain/build/kubernetes.ts'
import { baseWarnings, parsePlanRequest, planOf } from '../../../src/domain/build/plan.ts'
import { jenkinsAxis, kubernetesJobs, planAnswer } from '../../../src/domain/build/plan-output.ts'
import { fromDocument } from '../../../src/domain/container/document.ts'
import type { Facts } from '../../../src/domain/image/facts.ts'
import { afterAll, at, type Happening } from '../../support/assemblies.ts'
import { someFacts } from '../../support/facts.ts'
import { shuffles } from '../../support/shuffles.ts'

const hash = (text: string) => createHash('sha256').update(text).digest('hex')

interface Given {
  sources: object
  urls?: object
  facts?: Facts[]
  happened?: Happening[]
  expected?: string[]
}

function planned({ sources, urls = { amd64: 's3://x', arm64: 's3://arm' }, facts = [], happened = built, expected = [] }: Given) {
  return planOf({
    sources: parsePlanRequest({ container: 'hello:1', sources }).sourcesFor(expected.map(parseArchitecture)),
    record: fromDocument('hello:1', JSON.stringify({ urls })),
    facts: new Map(facts.map((one) => [one.imageKey, one])),
    buildStatus: afterAll(...happened),
    buildTimeoutMs: 3_600_000,
    now: at(100)
  })
}

/** An image that a build brought, as a job does it. */
const job = (minutes: number, architecture: string, { url, source }: { url: string; source: object }): Happening[] => [
  [minutes, 'build', architecture, { status: 'running', source }],
  [minutes + 1, 'image', architecture, url],
  [minutes + 2, 'build', architecture, { status: 'succeeded' }, url]
]

const c1 = { commit: 'c1', containerfile: 'f1', base: 'sha256:b1' }
const built = [...job(1, 'amd64', { url: 's3://x', source: c1 }), ...job(5, 'arm64', { url: 's3://arm', source: c1 })]
const said = (steps: ReturnType<typeof planned>) =>
  steps.map(({ architecture, action, code }) => `${architecture} ${action} ${code}`).join(', ')

t.test('what was built from the same source is reused', async (t) => {
  const steps = planned({ sources: { arm64: c1, amd64: c1 } })

  t.equal(said(steps), 'amd64 reuse unchanged, arm64 reuse unchanged')
  t.match(steps[1], { url: 's3://arm', source: c1, reason: 'the image for arm64 was built from this source' })
})

t.test('a change for one architecture does not rebuild another', async (t) => {
  const steps = planned({ sources: { amd64: c1, arm64: { ...c1, containerfile: 'f2' } } })

  t.equal(said(steps), 'amd64 reuse unchanged, arm64 build source_changed')
  t.match(steps[1], { url: null, reason: 'the image for arm64 was built from something else: containerfile was f1, is f2' })
})

t.test('each input that differs is told, and one that only one side names differs', async (t) => {
  const digest = (digit: string) => `sha256:${digit.repeat(64)}`
  const happened = job(1, 'arm64', { url: 's3://arm', source: { commit: 'a'.repeat(40), base: digest('1'), old: 'x' } })

  const [step] = planned({ happened, sources: { arm64: { commit: 'b'.repeat(40), base: digest('1'), patch: 'y' } } })

  t.equal(
    step?.reason,
    'the image for arm64 was built from something else: commit was aaaaaaaaaaaa…, is bbbbbbbbbbbb…, old is no longer named (x), patch is new (y)'
  )
})

t.test('an image is built that is missing, not known, wrong, or another one than was built', async (t) => {
  const arm = { sources: { arm64: c1 } }
  const fact = (fields: object) => [someFacts({ imageKey: 'arm64', url: 's3://arm', ...fields })]
  const failed = (source: object): Happening => [20, 'build', 'arm64', { status: 'failed', source }, 's3://arm']

  t.equal(said(planned({ ...arm, urls: { amd64: 's3://x' } })), 'arm64 build missing')
  t.equal(said(planned({ ...arm, happened: [] })), 'arm64 build source_unknown')
  t.equal(said(planned({ ...arm, urls: { arm64: 's3://by-hand' } })), 'arm64 build image_replaced')
  t.equal(said(planned({ ...arm, facts: fact({ verdict: 'mislabelled' }) })), 'arm64 build mislabelled')
  t.equal(said(planned({ ...arm, facts: fact({ status: 'gone' }) })), 'arm64 build gone')
  t.equal(said(planned({ ...arm, happened: [...built, failed(c1)] })), 'arm64 build build_failed')
  t.equal(
    said(planned({ ...arm, happened: [...built, failed({ commit: 'c2' })] })),
    'arm64 reuse unchanged',
    'what failed was another source'
  )
  t.equal(
    said(planned({ ...arm, happened: [...built, [20, 'test', 'arm64', { status: 'failed' }, 's3://arm']] })),
    'arm64 build test_failed'
  )
  const c2 = { ...c1, commit: 'c2' }
  t.equal(
    said(
      planned({ sources: { arm64: c2 }, happened: [...built, [20, 'build', 'arm64', { status: 'succeeded', source: c2 }, 's3://arm']] })
    ),
    'arm64 build image_awaited'
  )
})

t.test('an image that waits to be published is reused', async (t) => {
  const c2 = { ...c1, commit: 'c2' }
  const happened: Happening[] = [
    ...built,
    [60, 'build', 'arm64', { status: 'running', source: c2 }, 's3://arm'],
    [61, 'pending', 'arm64', 's3://new'],
    [62, 'build', 'arm64', { status: 'succeeded' }, 's3://arm']
  ]

  const [step] = planned({ sources: { arm64: c2 }, happened, facts: [someFacts({ imageKey: 'arm64', url: 's3://arm', verdict: 'mixed' })] })

  t.match(step, {
    action: 'reuse',
    url: 's3://new',
    reason: 'the image for arm64 was built from this source, and waits to be published with the others'
  })
})

t.test('neither the order of sources nor that of what happened changes a plan', async (t) => {
  const sources = Object.entries({ amd64: c1, arm64: { ...c1, commit: 'c2' }, s390x: c1, zeta: c1, alpha: c1 })
  const answer = said(planned({ sources: Object.fromEntries(sources) }))

  t.equal(answer, 'amd64 reuse unchanged, arm64 build source_changed, s390x build missing, alpha build missing, zeta build missing')
  const jobs = [built.slice(0, 3), built.slice(3)]
  for (const order of shuffles(sources, 30)) {
    const turned = order.map(([name, source]): [string, object] => [name, Object.fromEntries(Object.entries(source).reverse())])
    t.equal(
      said(planned({ sources: Object.fromEntries(turned), happened: order[0]![0] < 'b' ? built : [...jobs[1]!, ...jobs[0]!] })),
      answer
    )
  }
})

t.test('what holds for all architectures is written once, and an architecture lays its own over it', async (t) => {
  const sources = { '*': { commit: 'c1', base: 'sha256:b1', containerfile: 'f0' }, aarch64: { containerfile: 'f1' } }

  const steps = planned({ sources, expected: ['amd64', 'arm64'] })

  t.strictSame(
    steps.map(({ architecture, source }) => [architecture, source['containerfile'], source['commit']]),
    [
      ['amd64', 'f0', 'c1'],
      ['arm64', 'f1', 'c1']
    ]
  )
})

t.test('a request that makes no sense is refused with everything that is wrong', async (t) => {
  const errors = (value: unknown, expected: string[] = []) => {
    try {
      parsePlanRequest(value).sourcesFor(expected.map(parseArchitecture))
      return []
    } catch (error) {
      return (error as { details: { errors: { path: string }[] } }).details.errors.map(({ path }) => path).sort()
    }
  }

  t.strictSame(errors('hello:1'), [''])
  t.strictSame(errors({ sources: [], x: 1 }), ['sources', 'x'])
  t.strictSame(errors({ sources: { '*': c1 } }), ['container'])
  t.strictSame(errors({ container: 'hello:1', sources: { 'a b': c1, arm64: 5, amd64: { commit: 5, 'x y': 'z' } } }), [
    'sources.a b',
    'sources.amd64.commit',
    'sources.amd64.x y',
    'sources.arm64'
  ])
  t.strictSame(errors({ container: 'hello:1', sources: { arm64: c1, aarch64: { commit: 'other' } } }), ['sources.aarch64'])
  t.strictSame(errors({ container: 'hello:1', sources: { '*': c1 } }), ['sources'], 'nothing is expected')
  t.strictSame(errors({ container: 'hello:1', sources: { '*': c1 } }, ['arm64']), [])
})

t.test('a plan as JSON tells both lists', async (t) => {
  t.match(planAnswer({ container: 'hello:1', steps: planned({ sources: { amd64: c1, arm64: {} } }), warnings: [] }), {
    container: 'hello:1',
    build: ['arm64'],
    reuse: ['amd64'],
    steps: [{}, {}]
  })
})

t.test('a plan as an axis of a Jenkins matrix has what is to be built', async (t) => {
  const steps = planned({ sources: { amd64: {}, 'arm/v7': {}, s390x: {}, arm64: c1 } })

  t.equal(jenkinsAxis('hello:1', steps), "// hello:1\naxis {\n  name 'ARCHITECTURE'\n  values 'amd64', 'arm/v7', 's390x'\n}\n")
  t.equal(jenkinsAxis('a\nb\\u000ac', []), '// nothing to build for a?b?u000ac\n', 'no id becomes a line of Groovy')
})

t.test('a plan as Kubernetes jobs binds each to the machines of its architecture', async (t) => {
  const steps = planned({ sources: { amd64: c1, arm64: { commit: '$(HOSTNAME) $$ "x"' }, 'arm/v7': {} } })
  const options = { image: 'registry/builder:1', command: ['make', '$(ARCHITECTURE)'], namespace: 'ci', url: 'http://leporello:8888', hash }

  const jobs = kubernetesJobs('Hello:1', { steps, ...options }).map((one) => parse(toYaml(one)))

  t.equal(jobs.length, 2)
  t.match(jobs[0], {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: /^build-hello-1-arm64-[0-9a-f]{10}$/, namespace: 'ci', annotations: { 'leporello/container': 'Hello:1' } },
    spec: {
      template: {
        spec: {
          restartPolicy: 'Never',
          nodeSelector: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' },
          containers: [{ image: 'registry/builder:1', command: ['make', '$(ARCHITECTURE)'] }]
        }
      }
    }
  })
  t.strictSame(jobs[0].spec.template.spec.containers[0].env, [
    { name: 'CONTAINER', value: 'Hello:1' },
    { name: 'ARCHITECTURE', value: 'arm64' },
    { name: 'SOURCE', value: '{"commit":"$$(HOSTNAME) $$$$ \\"x\\""}' },
    { name: 'INPUTS', value: '' },
    { name: 'LEPORELLO_URL', value: 'http://leporello:8888' }
  ])
  t.match(jobs[1], {
    metadata: { name: /^build-hello-1-arm-v7-/ },
    spec: { template: { spec: { nodeSelector: { 'kubernetes.io/arch': 'arm' } } } }
  })
})

t.test('a job has the same name for the same work only', async (t) => {
  const names = (sources: object, container = 'hello:1') =>
    kubernetesJobs(container, { steps: planned({ sources, happened: [] }), image: 'i', command: [], hash }).map(
      (one) => (one as { metadata: { name: string } }).metadata.name
    )

  t.strictSame(names({ arm64: { a: '1', b: '2' } }), names({ aarch64: { b: '2', a: '1' } }))
  const all = [
    ...names({ arm64: c1, amd64: c1 }),
    ...names({ arm64: { commit: 'c2' } }),
    ...names({ arm64: c1 }, 'hello.1'),
    ...names({ arm64: c1 }, `${'x'.repeat(200)}:1`),
    ...names({ arm64: c1 }, `${'x'.repeat(200)}:2`)
  ]
  t.equal(new Set(all).size, all.length)
  for (const name of all) t.match(name, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
})

t.test('what Kubernetes cannot take is refused', async (t) => {
  const steps = planned({ sources: { arm64: {} } })
  const jobs = (options: object) => () => kubernetesJobs('hello:1', { steps, image: 'i', command: [], hash, ...options })

  t.throws(jobs({ namespace: 'A b' }), { code: 'parameter_invalid' })
  t.throws(jobs({ serviceAccount: 'x\ny' }), { code: 'parameter_invalid' })
  t.throws(jobs({ steps: planned({ sources: { '.odd': {} } }) }), { code: 'parameter_invalid', message: /no machine of Kubernetes/ })
})

t.test('a plan warns of each architecture to build that the base image is not there for', async (t) => {
  const steps = planned({ sources: { amd64: c1, arm64: {}, s390x: {} } })
  const warned = (architectures: string[]) =>
    baseWarnings(steps, { container: 'base:1', architectures: architectures.map(parseArchitecture) }).map(({ message }) => message)

  t.strictSame(warned(['amd64', 'arm64']), ['the base image base:1 has no image for s390x (it has: amd64, arm64); build that one first'])
  t.strictSame(warned([]), [
    'the base image base:1 has no image for arm64 (it has none); build that one first',
    'the base image base:1 has no image for s390x (it has none); build that one first'
  ])
  t.strictSame(warned(['arm64', 's390x']), [], 'what is reused needs no base')
})
