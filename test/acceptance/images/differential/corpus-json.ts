import { elf } from '../../../support/elf.ts'
import { baseLayer, sha256 } from '../../../support/images.ts'
import { type Entry, tar } from '../../../support/tar.ts'
import { type Case, descriptorOf, dockerTextCase, ociTextCase, type Texts } from './case.ts'

/*
 * JSON as Go reads it: names without regard to case (also of the letters that Unicode folds), the last of several, objects merged.
 */

const layer: Entry[] = [...baseLayer(), { name: 'good', body: elf('amd64') }, { name: 'evil', body: elf('arm64') }]
const config = { architecture: 'amd64', os: 'linux', config: { Entrypoint: ['/good'] } }
const put = (found: string, instead: string) => (text: string) => {
  if (!text.includes(found)) throw new Error(`${found} is not in ${text}`)
  return text.replace(found, instead)
}
const entry = '"Entrypoint":["/good"]'

const configurations: Record<string, (text: string) => string> = {
  'entrypoint-lower': put(entry, '"entrypoint":["/evil"]'),
  'entrypoint-upper': put(entry, '"ENTRYPOINT":["/evil"]'),
  'entrypoint-then-lower': put(entry, `${entry},"entrypoint":["/evil"]`),
  'entrypoint-after-lower': put(entry, `"entrypoint":["/evil"],${entry}`),
  'entrypoint-twice': put(entry, `${entry},"Entrypoint":["/evil"]`),
  'entrypoint-twice-same': put(entry, `${entry},${entry}`),
  'entrypoint-then-null': put(entry, `${entry},"entrypoint":null,"Cmd":["/evil"]`),
  'entrypoint-then-empty': put(entry, `${entry},"entrypoint":[],"Cmd":["/evil"]`),
  'entrypoint-then-shorter': put(entry, `"Entrypoint":["/good","/evil"],"ENTRYPOINT":["/evil"]`),
  'entrypoint-escaped': put(entry, '"\\u0045ntrypoint":["/evil"]'),
  'cmd-lower': put(entry, '"cmd":["/evil"]'),
  'cmd-two-cases': put(entry, '"Cmd":["/good"],"CMD":["/evil"]'),
  'env-lower': put(entry, '"Entrypoint":["sh"],"env":["PATH=/nowhere"]'),
  'workingdir-lower': put(entry, '"Entrypoint":["./sh"],"workingdir":"/usr/bin"'),
  'config-upper': put('"config":', '"CONFIG":'),
  'config-twice': put('"config":{', `"config":{"Entrypoint":["/evil"]},"config":{`),
  'config-twice-merged': put(`"config":{${entry}}`, '"config":{"Entrypoint":["/evil"]},"config":{"Cmd":["x"]}'),
  'config-then-null': put(`"config":{${entry}}`, `"config":{${entry}},"Config":null`),
  'config-two-cases': put('"config":{', `"Config":{"Entrypoint":["/evil"]},"config":{`),
  'config-two-cases-after': put(`"config":{${entry}}`, `"config":{${entry}},"Config":{"Entrypoint":["/evil"]}`),
  'architecture-upper': put('"architecture":"amd64"', '"Architecture":"arm64"'),
  'architecture-two-cases': put('"architecture":"amd64"', '"architecture":"amd64","Architecture":"arm64"'),
  'architecture-twice': put('"architecture":"amd64"', '"architecture":"amd64","architecture":"arm64"'),
  'architecture-then-null': put('"architecture":"amd64"', '"architecture":"amd64","ARCHITECTURE":null'),
  'architecture-then-empty': put('"architecture":"amd64"', '"architecture":"amd64","Architecture":""'),
  'os-folded': put('"os":"linux"', '"oſ":"windows"'),
  'os-two-cases': put('"os":"linux"', '"os":"linux","OS":"windows"'),
  'os-folded-after': put('"os":"linux"', '"os":"linux","o\\u017f":"windows"'),
  'variant-upper': put('"os":', '"Variant":"v3","os":'),
  'rootfs-upper': put('"rootfs"', '"RootFS"'),
  'rootfs-type-twice': put('"rootfs":{', '"rootfs":{"type":"layers","diff_ids":[]},"RootFS":{'),
  'diff-ids-upper': put('"diff_ids"', '"Diff_Ids"'),
  'history-upper': put('"os":', '"History":[{"Created_By":"x","EMPTY_LAYER":true}],"os":'),
  'not-folded': put(entry, `${entry},"entry_point":["/evil"],"Entrypoint ":["/evil"]`),
  'space-and-order': (text) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse()), null, 2),
  'byte-order-mark': (text) => `\ufeff${text}`,
  'text-after': (text) => `${text}x`,
  'document-after': (text) => `${text}{"architecture":"arm64"}`,
  'lone-surrogate': put(entry, '"Entrypoint":["/g\\ud800ood"]'),
  'control-character': put(entry, '"Entrypoint":["/go\tod"]'),
  'number-beyond': put('"os":', '"x":1e999,"os":')
}

/** Two images, of which one stands behind the names that are written another way. */
const evilConfig = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  config: { Entrypoint: ['/app'] },
  rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(tar([{ name: 'app', body: elf('arm64') }]))}`] }
})
const evilLayer = tar([{ name: 'app', body: elf('arm64') }])
const further: Entry[] = [
  { name: 'evil.json', body: evilConfig },
  { name: 'evil.tar', body: evilLayer }
]
const evil = '"Config":"evil.json","Layers":["evil.tar"]'
const lower = '"config":"evil.json","layers":["evil.tar"]'
const dockerManifests: Record<string, (text: string) => string> = {
  'manifest-lower': (text) => text.replace('Config', 'config').replace('Layers', 'layers').replace('RepoTags', 'repotags'),
  'manifest-upper': (text) => text.replace('Config', 'CONFIG').replace('Layers', 'LAYERS'),
  'manifest-then-lower': put('}]', `,${lower}}]`),
  'manifest-after-lower': put('[{', `[{${lower},`),
  'manifest-twice': put('}]', `,${evil}}]`),
  'manifest-twice-first': put('[{', `[{${evil},`),
  'manifest-layers-folded': put('}]', ',"CONFIG":"evil.json","Layerſ":["evil.tar"]}]'),
  'manifest-layers-null': put('}]', ',"layers":null}]'),
  'manifest-tags-two-cases': put('}]', ',"repotags":["other:1"]}]'),
  'manifest-text-after': (text) => `${text} x`,
  'manifest-unknown': put('[{', '[{"Parent":"","LayerSources":{},')
}

const evilManifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: descriptorOf(evilConfig, 'application/vnd.oci.image.config.v1+json'),
  layers: [descriptorOf(evilLayer, 'application/vnd.oci.image.layer.v1.tar')]
})
const blobs = [evilLayer, evilConfig, evilManifest]
const evilParts = JSON.parse(evilManifest) as { config: object; layers: object[] }
const evilDescriptor = JSON.stringify({
  ...descriptorOf(evilManifest, 'application/vnd.oci.image.manifest.v1+json'),
  annotations: { 'org.opencontainers.image.ref.name': 'v1' }
})
const parts = (names: [string, string]) =>
  `"${names[0]}":${JSON.stringify(evilParts.config)},"${names[1]}":${JSON.stringify(evilParts.layers)}`
const ociDocuments: Record<string, Texts> = {
  'oci-manifest-upper': { manifest: (text) => text.replace('"config"', '"Config"').replace('"layers"', '"Layers"') },
  'oci-manifest-two-cases': { manifest: put('"schemaVersion":2', `"schemaVersion":2,${parts(['Config', 'Layers'])}`) },
  'oci-manifest-two-cases-after': { manifest: (text) => `${text.slice(0, -1)},${parts(['CONFIG', 'LAYERS'])}}` },
  'oci-manifest-twice': { manifest: (text) => `${text.slice(0, -1)},${parts(['config', 'layers'])}}` },
  'oci-manifest-layers-folded': { manifest: (text) => `${text.slice(0, -1)},${parts(['config', 'layerſ'])}}` },
  'index-upper': { index: put('"manifests"', '"Manifests"') },
  'index-two-cases': { index: put('"manifests"', `"Manifests":[${evilDescriptor}],"manifests"`) },
  'index-two-cases-after': { index: (text) => `${text.slice(0, -1)},"MANIFESTS":[${evilDescriptor}]}` },
  'index-twice': { index: (text) => `${text.slice(0, -1)},"manifests":[${evilDescriptor}]}` },
  'index-folded': { index: (text) => `${text.slice(0, -1)},"manifeſts":[${evilDescriptor}]}` },
  'index-digest-twice': { index: put('"digest"', `"Digest":"${descriptorOf(evilManifest, '').digest}","digest"`) },
  'index-digest-after': { index: put('"annotations"', `"DIGEST":"${descriptorOf(evilManifest, '').digest}","annotations"`) },
  'index-annotations-upper': { index: put('"annotations"', '"Annotations"') }
}

export function jsonCases(): Case[] {
  const named = <T>(cases: Record<string, T>, one: (name: string, value: T) => Case[]) =>
    Object.entries(cases).flatMap(([name, value]) => one(`json/${name}`, value))
  return [
    ...named(configurations, (name, change) => [
      dockerTextCase(name, { config, layers: [layer], texts: { config: change } }),
      ociTextCase(name, { config, layers: [layer], texts: { config: change } })
    ]),
    ...named(dockerManifests, (name, manifest) => [dockerTextCase(name, { config, layers: [layer], texts: { manifest }, further })]),
    ...named(ociDocuments, (name, texts) => [ociTextCase(name, { config, layers: [layer], texts, blobs })])
  ]
}
