import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { expectedConfigMap, type Manifest, toDnsLabel, toYaml, toYamlDocuments } from '../../../src/domain/build/kubernetes.ts'

t.test('YAML says what was meant, whatever stands in it', async (t) => {
  const manifest: Manifest = {
    a: 'plain',
    'b.c/d-e': ['x', { y: 'z', n: [1, true] }, [['deep', 'er']], [], {}],
    yes: 'no',
    'a key: with': { '# all': 'sorts', '': ' - "quoted": &x *y !z\n---\n...\t\u0085\u2028\ufeff ' },
    none: {},
    empty: [],
    '386': '1e3',
    text: 'null'
  }

  t.strictSame(parse(toYaml(manifest)), manifest)
  t.strictSame(parse(toYaml(manifest), { version: '1.1' }), manifest, 'as YAML 1.1, which go-yaml reads')
  t.strictSame(
    parseAllDocuments(toYamlDocuments([manifest, { b: 1 }])).map((one) => (one as { toJSON(): unknown }).toJSON()),
    [manifest, { b: 1 }]
  )
})

t.test('expected architectures stand in a ConfigMap for jobs to read', async (t) => {
  const architectures = ['arm64', 'amd64', 'arm/v7'].map(parseArchitecture)

  const map = expectedConfigMap({ name: 'expected', namespace: 'ci', container: 'hello:1', architectures })

  t.equal(
    toYamlDocuments([map]),
    `apiVersion: "v1"
kind: "ConfigMap"
metadata:
  name: "expected"
  namespace: "ci"
  labels:
    app.kubernetes.io/managed-by: "leporello"
data:
  CONTAINER: "hello:1"
  ARCHITECTURES: "amd64 arm64 arm/v7"
  ARCHITECTURES_JSON: "[\\"amd64\\",\\"arm64\\",\\"arm/v7\\"]"
  ARCHITECTURE_COUNT: "3"
`
  )
})

t.test('names that Kubernetes does not take are refused', async (t) => {
  for (const name of ['Upper', 'a_b', '-a', 'a-', '', 'a'.repeat(64), 'a.b', 'a\nb']) {
    t.throws(
      () => expectedConfigMap({ name, container: 'hello:1', architectures: [] }),
      { code: 'parameter_invalid', message: /DNS-1123/ },
      name
    )
    t.throws(
      () => expectedConfigMap({ name: 'a', namespace: name, container: 'hello:1', architectures: [] }),
      { code: 'parameter_invalid' },
      name
    )
    t.match(toDnsLabel(name), /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
  }
  t.equal(toDnsLabel('Container-Hello:v1.0/arm_64'), 'container-hello-v1-0-arm-64')
})
