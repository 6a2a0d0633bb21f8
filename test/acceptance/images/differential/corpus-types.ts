import { appLayer, baseLayer } from '../../../support/images.ts'
import { type Case, dockerTextCase, ociTextCase } from './case.ts'

/*
 * Members of a type that Go's decoders refuse, and some odd ones that they take.
 */

const config = { architecture: 'amd64', os: 'linux', config: { Entrypoint: ['/app/hello'] } }
const layers = [baseLayer(), appLayer()]

/** Names of a document with what is put there; a path leads into objects. */
const configurations: [name: string, value: unknown][] = [
  ['architecture', 1],
  ['architecture', null],
  ['architecture', ['amd64']],
  ['os', {}],
  ['os', null],
  ['os', ''],
  ['variant', 7],
  ['author', 3],
  ['created', 'yesterday'],
  ['created', 1767323045],
  ['created', null],
  ['config', 'x'],
  ['config', []],
  ['config', null],
  ['config.Entrypoint', '/app/hello'],
  ['config.Entrypoint', [1]],
  ['config.Entrypoint', [null, '/app/hello']],
  ['config.Entrypoint', { 0: '/app/hello' }],
  ['config.Cmd', 'x'],
  ['config.Cmd', [['x']]],
  ['config.Env', 'PATH=/bin'],
  ['config.Env', { PATH: '/bin' }],
  ['config.Env', [1]],
  ['config.Labels', ['a']],
  ['config.Labels', { a: 1 }],
  ['config.Labels', { a: null }],
  ['config.ExposedPorts', ['80/tcp']],
  ['config.ExposedPorts', { '80/tcp': {} }],
  ['config.ExposedPorts', { '80/tcp': 'x' }],
  ['config.Volumes', ['/data']],
  ['config.User', 0],
  ['config.WorkingDir', 1],
  ['config.WorkingDir', null],
  ['config.StopSignal', 9],
  ['config.Shell', '/bin/sh'],
  ['config.Shell', ['/bin/sh', '-c']],
  ['config.ArgsEscaped', 'yes'],
  ['config.OnBuild', 'RUN x'],
  ['config.Healthcheck', 'x'],
  ['history', {}],
  ['history', [1]],
  ['history', [{ empty_layer: 'yes' }]],
  ['history', [{ created: 'x' }]],
  ['rootfs.type', 1],
  ['rootfs.type', 'tar'],
  ['os.version', 10],
  ['os.features', 'x'],
  ['docker_version', 20],
  ['container_config', 'x'],
  ['id', 1]
]
const dockerManifests: [name: string, value: unknown][] = [
  ['0.RepoTags', 'hello:1'],
  ['0.RepoTags', [1]],
  ['0.RepoTags', { a: 1 }],
  ['0.RepoTags', null],
  ['0.RepoTags', ['Hello World:1']],
  ['0.RepoTags', ['hello']],
  ['0.Config', 1],
  ['0.Config', null],
  ['0.Layers', '0.tar'],
  ['0.Layers', null],
  ['0.Layers', [0, 1]],
  ['0.Layers', ['0.tar', null]],
  ['0.Parent', 1],
  ['0.LayerSources', 'x'],
  ['0.LayerSources', { 'sha256:x': { mediaType: 1 } }],
  ['1', 'x'],
  ['1', null]
]
const ociManifests: [name: string, value: unknown][] = [
  ['schemaVersion', '2'],
  ['schemaVersion', 1],
  ['schemaVersion', null],
  ['mediaType', 1],
  ['mediaType', ''],
  ['annotations', []],
  ['annotations', { a: 1 }],
  ['config.size', '1'],
  ['config.size', -1],
  ['config.size', 1.5],
  ['config.annotations', 'x'],
  ['config.mediaType', 7],
  ['config.urls', 'x'],
  ['config.platform', 'x'],
  ['layers', {}],
  ['layers', null],
  ['layers.0.size', '1'],
  ['layers.0.size', 1e3],
  ['layers.0.mediaType', 7],
  ['layers.0.mediaType', 'application/octet-stream'],
  ['layers.0.digest', 'md5:x'],
  ['layers.0.urls', [1]]
]
const indexes: [name: string, value: unknown][] = [
  ['schemaVersion', '2'],
  ['schemaVersion', 1],
  ['mediaType', []],
  ['annotations', 'x'],
  ['manifests.0.size', '1'],
  ['manifests.0.size', null],
  ['manifests.0.platform', 'linux/amd64'],
  ['manifests.0.platform', { os: 1 }],
  ['manifests.0.platform', { os: 'linux', architecture: 'amd64', 'os.features': 'x' }],
  ['manifests.0.platform', null],
  ['manifests.0.annotations', ['x']],
  ['manifests.0.mediaType', 1],
  ['manifests.0.urls', 'x'],
  ['manifests.1', null],
  ['manifests.1', 'x']
]

const setting = ([name, value]: [string, unknown]) => ({
  name: `${name}=${JSON.stringify(value)}`.replace(/\//g, '|'),
  change: (text: string): string => {
    const document: unknown = JSON.parse(text)
    const names = name.startsWith('os.') ? [name] : name.split('.')
    const last = names.pop()!
    let at = document as Record<string, unknown>
    for (const one of names) at = at[one] as Record<string, unknown>
    at[last] = value
    return JSON.stringify(document)
  }
})

export function typeCases(): Case[] {
  return [
    ...configurations.map(setting).map(({ name, change }, i) => {
      const caseOf = i % 2 === 0 ? dockerTextCase : ociTextCase
      return caseOf(`types/config.${name}`, { config, layers, texts: { config: change } })
    }),
    ...dockerManifests
      .map(setting)
      .map(({ name, change }) => dockerTextCase(`types/manifest.${name}`, { config, layers, texts: { manifest: change } })),
    ...ociManifests
      .map(setting)
      .map(({ name, change }) => ociTextCase(`types/oci-manifest.${name}`, { config, layers, texts: { manifest: change } })),
    ...indexes.map(setting).map(({ name, change }) => ociTextCase(`types/index.${name}`, { config, layers, texts: { index: change } }))
  ]
}
