import t, { type Test } from 'tap'
import { inspectImage } from '../../src/images/inspect-image.ts'
import { parseAsGo } from '../../src/images/json.ts'
import type { ProblemCode } from '../../src/images/problems.ts'
import { elf } from '../support/elf.ts'
import { baseLayer, inChunks, ociLayout, oldDockerSave, sha256 } from '../support/images.ts'
import { type Entry, tar } from '../support/tar.ts'

/*
 * Each of these was compared with skopeo, podman, umoci and crane: encoding/json ignores the case of names, takes the last of several
 * members, merges objects, and refuses a document for one value of another type.
 */

const inspect = async (entries: readonly Entry[]) => (await inspectImage(inChunks(tar(entries)), { claimed: 'amd64' })).report

const good = elf('amd64')
const evil = elf('arm64')
const layer = tar([...baseLayer(), { name: 'good', body: good }, { name: 'evil', body: evil }])

/** A docker-archive with this text as its configuration; LAYERS stands for rootfs. */
function withConfig(text: string): Entry[] {
  const body = text.replace('LAYERS', `"rootfs":{"type":"layers","diff_ids":["sha256:${sha256(layer)}"]}`)
  const manifest = [{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'] }]
  return [
    { name: 'c.json', body },
    { name: 'l.tar', body: layer },
    { name: 'manifest.json', body: JSON.stringify(manifest) }
  ]
}

const withManifest = (body: string): Entry[] =>
  oldDockerSave().map((entry) => {
    if (entry.name !== 'manifest.json') return entry
    const text = String(entry.body)
    return {
      ...entry,
      body: body.replace('CONFIG', /"Config":"[^"]*"/.exec(text)![0]).replace('LAYERS', /"Layers":\[[^\]]*\]/.exec(text)![0])
    }
  })

interface Refused {
  code: ProblemCode
  says: string
}

const refused = async (t: Test, entries: readonly Entry[], { code, says }: Refused) => {
  const report = await inspect(entries)
  t.match(report, { verdict: 'unreadable', summary: says, problems: [{ code, fatal: true }] }, says)
}

t.test('names in a configuration count without case, as for those who load it', async (t) => {
  const lower = await inspect(withConfig('{"architecture":"amd64","os":"linux","config":{"entrypoint":["/evil"]},LAYERS}'))
  const upper = await inspect(
    withConfig('{"ARCHITECTURE":"arm64","OS":"linux","Config":{"ENTRYPOINT":["/evil"]},LAYERS}'.replace('"arm64"', '"amd64"'))
  )
  const odd = await inspect(withConfig('{"architecture":"amd64","o\\u017f":"windows","config":{"Entrypoint":["/good"]},LAYERS}'))

  t.match(lower, { verdict: 'mixed', images: [{ config: { entrypoint: ['/evil'] } }] })
  t.match(upper, { verdict: 'mixed', images: [{ config: { entrypoint: ['/evil'], architecture: 'amd64', os: 'linux' } }] })
  t.match(odd.images[0]!.config, { os: 'windows' }, 'the long s is an s')
})

t.test('members that Go would choose among or merge make a document unreadable', async (t) => {
  const cases: [string, string][] = [
    ['"config":{"Entrypoint":["/good"],"entrypoint":["/evil"]}', 'both "Entrypoint" and "entrypoint" for config.Entrypoint'],
    ['"config":{"Entrypoint":["/good"]},"Config":{"Entrypoint":["/evil"]}', 'both "config" and "Config" for config'],
    ['"config":{"Entrypoint":["/good"]},"config":{"Cmd":["/evil"]}', '"config" twice for config'],
    ['"config":{"Env":["PATH=/a"],"Env":["PATH=/b"]}', '"Env" twice for config.Env'],
    ['"config":{"Entrypoint":["/good"]},"Architecture":"arm64"', 'both "architecture" and "Architecture" for architecture'],
    ['"config":{"Entrypoint":["/good"]},"os":"windows"', '"os" twice for os'],
    ['"config":{"Entrypoint":["/good"]},"rootfs":{"type":"layers"}', '"rootfs" twice for rootfs'],
    ['"config":null,"config":{"Entrypoint":["/good"]}', '"config" twice for config']
  ]

  for (const [members, says] of cases) {
    await refused(t, withConfig(`{"architecture":"amd64","os":"linux",${members},LAYERS}`), { code: 'json_ambiguous', says })
  }
})

t.test('the same value twice, unknown names in two cases, and labels that differ in case are read', async (t) => {
  const report = await inspect(
    withConfig(
      '{"architecture":"amd64","Architecture":"amd64","os":"linux","mine":1,"Mine":2,"config":{"Entrypoint":["/good"],"Labels":{"a":"1","A":"2","a":"3"}},LAYERS}'
    )
  )

  t.match(report, { verdict: 'match', images: [{ config: { labels: { a: '3', A: '2' } } }] }, report.summary)
})

t.test('a manifest.json that no loader takes, or not each of them in the same way, is unreadable', async (t) => {
  const cases: [string, Refused][] = [
    [
      '[{CONFIG,LAYERS,"RepoTags":"hello:1"}]',
      { code: 'manifest_invalid', says: 'has [0].RepoTags, a string where image loaders expect a list' }
    ],
    ['[{CONFIG,LAYERS,"RepoTags":[1]}]', { code: 'manifest_invalid', says: 'has [0].RepoTags[0], the number 1' }],
    ['[{CONFIG,LAYERS,"RepoTags":{"a":1}}]', { code: 'manifest_invalid', says: 'has [0].RepoTags, an object' }],
    ['[{CONFIG,LAYERS,"Parent":1}]', { code: 'manifest_invalid', says: 'has [0].Parent, the number 1' }],
    ['[{CONFIG,LAYERS,"LayerSources":[]}]', { code: 'manifest_invalid', says: 'has [0].LayerSources, a list' }],
    ['{"0":{CONFIG,LAYERS}}', { code: 'manifest_invalid', says: 'is an object where image loaders expect a list' }],
    ['[{CONFIG,LAYERS,"config":"other.json"}]', { code: 'json_ambiguous', says: 'both "Config" and "config" for [0].Config' }],
    ['[{CONFIG,LAYERS,"layers":[]}]', { code: 'json_ambiguous', says: 'both "Layers" and "layers" for [0].Layers' }],
    ['[{CONFIG,LAYERS}] x', { code: 'json_invalid', says: 'is not valid JSON' }],
    ['[{CONFIG,LAYERS', { code: 'json_invalid', says: 'is incomplete JSON' }]
  ]

  for (const [body, refusal] of cases) await refused(t, withManifest(body), refusal)
  t.match(await inspect(withManifest('[{CONFIG,LAYERS,"RepoTags":null,"Parent":null}]')), { verdict: 'match', problems: [] })
  t.match(await inspect(withManifest('[{CONFIG,LAYERS}]'.replace('CONFIG', 'CONFIG,"repotags":["a:1"]'))), { images: [{ tags: ['a:1'] }] })
})

t.test('a configuration with a value of another type than Docker and podman read is unreadable, wherever it stands', async (t) => {
  const inConfig = {
    Entrypoint: ['"/good"', '[1]', '{}'],
    Cmd: ['"/good"'],
    Env: ['"A=1"', '{"A":"1"}'],
    Labels: ['{"a":1}', '["a=1"]'],
    ExposedPorts: ['["80/tcp"]', '{"80/tcp":1}'],
    Volumes: ['["/data"]'],
    WorkingDir: ['{}'],
    User: ['0'],
    Tty: ['"false"'],
    OnBuild: ['"RUN x"'],
    Healthcheck: ['"x"', '{"Test":"x"}', '{"Interval":"30s"}', '{"Retries":1.5}'],
    StopSignal: ['9'],
    StopTimeout: ['1.5', '1e3', '99999999999999999999']
  }
  const outside = {
    created: ['""', '"2026-01-01"', '"2026-02-30T00:00:00Z"', '"2026-01-01T25:00:00Z"', '1'],
    author: ['1'],
    history: ['{}', '[{"created":"yesterday"}]', '[{"empty_layer":1}]', '[1]'],
    'os.features': ['"x"'],
    container_config: ['[]'],
    size: ['"1"'],
    id: ['1'],
    variant: ['8']
  }

  for (const [name, values] of Object.entries(inConfig)) {
    for (const value of values) {
      const text = `{"architecture":"amd64","os":"linux","config":{"${name}":${value}},LAYERS}`
      await refused(t, withConfig(text), { code: 'config_invalid', says: `has config.${name}` })
    }
  }
  for (const [name, values] of Object.entries(outside)) {
    for (const value of values) {
      const text = `{"architecture":"amd64","os":"linux","${name}":${value},"config":{"Entrypoint":["/good"]},LAYERS}`
      await refused(t, withConfig(text), { code: 'config_invalid', says: name === 'size' ? 'has Size' : `has ${name}` })
    }
  }
})

t.test('what those who load images take, is taken', async (t) => {
  const taken = [
    '"created":"2026-01-01T00:00:00.123456789+02:00"',
    '"created":null,"author":null,"history":null',
    '"os.features":[],"unheard.of":{"a":[1,{}]}',
    '"config":{"Entrypoint":["/good"],"Shell":"/bin/sh","Labels":{"a":null},"ExposedPorts":{"80/tcp":{}},"Volumes":{"/data":null},"Healthcheck":{"Interval":30000000000}}',
    '"config":{"Entrypoint":["/good",null],"StopTimeout":10,"Domainname":""}',
    '"config":{"Entrypoint":["/good"],"User":"\\ud800"}'
  ]

  for (const members of taken) {
    const config = members.includes('"config"') ? '' : ',"config":{"Entrypoint":["/good"]}'
    const report = await inspect(withConfig(`{"architecture":"amd64","os":"linux",${members}${config},LAYERS}`))
    t.match(report, { verdict: 'match', problems: [] }, `${members}: ${report.summary}`)
  }
})

/** An OCI layout, one blob changed as text, and what names it changed with it. */
function changedLayout(pick: (text: string) => boolean, change: (text: string) => string): Entry[] {
  const entries = ociLayout()
  const changed = entries.find(({ name, body }) => name !== 'index.json' && pick(String(body)))!
  const body = change(String(changed.body))
  const [was, is] = [changed.name!.split('/').at(-1)!, sha256(body)]
  const size = Buffer.byteLength(String(changed.body))
  return entries.map((entry) => {
    if (entry === changed) return { name: `blobs/sha256/${is}`, body }
    if (entry.name !== 'index.json') return entry
    return {
      ...entry,
      body: String(entry.body)
        .replace(was, is)
        .replace(`"size":${size}`, `"size":${Buffer.byteLength(body)}`)
    }
  })
}

t.test('manifests and indexes are read as strictly', async (t) => {
  const isManifest = (text: string) => text.startsWith('{"schemaVersion"')
  const inManifest: [string, Refused][] = [
    [',"Layers":[]}', { code: 'json_ambiguous', says: 'both "layers" and "Layers" for layers' }],
    [',"Config":{}}', { code: 'json_ambiguous', says: 'both "config" and "Config" for config' }],
    [',"manifests":[]}', { code: 'manifest_invalid', says: 'an index has config or layers beside its manifests' }],
    [',"annotations":{"a":1}}', { code: 'manifest_invalid', says: 'has annotations["a"], the number 1' }],
    [',"subject":"x"}', { code: 'manifest_invalid', says: 'has subject, a string' }],
    [',"artifactType":1}', { code: 'manifest_invalid', says: 'has artifactType, the number 1' }]
  ]

  for (const [more, refusal] of inManifest) {
    await refused(
      t,
      changedLayout(isManifest, (text) => text.replace(/\}$/, more)),
      refusal
    )
  }
  for (const [from, to, says] of [
    [/"size":(\d+)/, '"size":"$1"', 'has config.size, a string'],
    [/"schemaVersion":2/, '"schemaVersion":2.0', 'has schemaVersion, the number 2.0'],
    [/"layers":\[/, '"layers":[1,', 'has layers[0], the number 1'],
    [/"config":\{/, '"config":{"data":"no base64","', 'is not valid JSON'],
    [/"config":\{/, '"config":{"urls":"x",', 'has config.urls, a string'],
    [/"config":\{/, '"config":{"data":"!",', 'has config.data, a string where image loaders expect base64']
  ] satisfies [RegExp, string, string][]) {
    const code = says.startsWith('has') ? 'manifest_invalid' : 'json_invalid'
    await refused(
      t,
      changedLayout(isManifest, (text) => text.replace(from, to)),
      { code, says }
    )
  }
})

t.test('an index is read as strictly, and counts without case', async (t) => {
  const index = (change: (text: string) => string) =>
    ociLayout().map((entry) => (entry.name === 'index.json' ? { ...entry, body: change(String(entry.body)) } : entry))

  await refused(
    t,
    index((text) => text.replace(/\}$/, ',"Manifests":[]}')),
    { code: 'json_ambiguous', says: 'both "manifests" and "Manifests"' }
  )
  await refused(
    t,
    index((text) => text.replace('"os":"linux"', '"os":1')),
    { code: 'manifest_invalid', says: 'has manifests[0].platform.os, the number 1' }
  )
  await refused(
    t,
    index((text) => text.replace('"os":"linux"', '"os":"linux","OS":"windows"')),
    { code: 'json_ambiguous', says: 'manifests[0].platform.os' }
  )
  t.match(await inspect(index((text) => text.replace('"manifests"', '"MANIFESTS"').replace('"digest"', '"Digest"'))), { verdict: 'match' })
})

t.test(
  'an index that a descriptor announces and that is none, and an attestation that names a platform, are not passed over',
  async (t) => {
    const index = (change: (text: string) => string) =>
      ociLayout().map((entry) => (entry.name === 'index.json' ? { ...entry, body: change(String(entry.body)) } : entry))
    const announced = index((text) => text.replace('image.manifest.v1', 'image.index.v1'))
    const attestation = index((text) =>
      text.replace('"annotations":{', '"annotations":{"vnd.docker.reference.type":"attestation-manifest",')
    )

    await refused(t, announced, { code: 'manifest_invalid', says: 'has no list of manifests' })
    t.match(await inspect(attestation), { verdict: 'match', images: [{ verdict: 'match' }] })
  }
)

t.test('JSON is parsed as its grammar says', async (t) => {
  for (const text of ['0', '-1.5e+3', '"\\u00e9\\n\\\\"', '[]', '[1,[2],{}]', ' { "a" : [ true , false , null ] } ', '"\\\\"', '""']) {
    t.strictSame(plain(parseAsGo(text, { depth: 9 })), JSON.parse(text), text)
  }
  for (const text of [
    '',
    '01',
    '1.',
    '.5',
    '+1',
    'tru',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '"\n"',
    '"\\x"',
    '[1 2]',
    '{"a" 1}',
    '1 2',
    '\ufeff1',
    'NaN',
    '"',
    '{"a":'
  ]) {
    t.throws(() => parseAsGo(text, { depth: 9 }), { code: 'json_invalid' }, JSON.stringify(text))
    t.throws(() => JSON.parse(text))
  }
  t.throws(() => parseAsGo('[[[]]]', { depth: 2 }), { code: 'json_too_deep' })
})

/** What JSON.parse would have made of it. */
function plain(value: ReturnType<typeof parseAsGo>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('number' in value) return Number(value.number)
  if ('members' in value) return Object.fromEntries(value.members.map(([name, one]) => [name, plain(one)]))
  return value.map(plain)
}
