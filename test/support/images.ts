import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { elf, type Machine } from './elf.ts'
import { type Entry, tar } from './tar.ts'
import { zstd } from './zstd.ts'

export type Packing = 'none' | 'gzip' | 'zstd'

/** An image in a test; what is not told is an ordinary small one for amd64. */
export interface TestImage {
  architecture?: string
  variant?: string
  os?: string
  layers?: readonly (readonly Entry[])[]
  /** The layers' tars as they are, in place of `layers`. */
  tars?: readonly Buffer[]
  packing?: Packing
  tags?: string[]
  config?: Record<string, unknown>
  /** Laid over the whole configuration document. */
  document?: Record<string, unknown>
  /** What an index says of its platform, where that is not what the configuration says. */
  platform?: Record<string, string>
}

export const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

export function pack(bytes: Buffer, packing: Packing): Buffer {
  if (packing === 'none') return bytes
  return packing === 'gzip' ? gzipSync(bytes) : zstd(bytes)
}

const loaders: Partial<Record<Machine, string>> = { amd64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' }
const triplets: Partial<Record<Machine, string>> = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }

/** A base layer as Debian's: a shell behind links, a loader, a library. */
export function baseLayer(machine: Machine = 'amd64'): Entry[] {
  const loader = loaders[machine] ?? '/lib/ld.so.1'
  const library = `usr/lib/${triplets[machine] ?? 'any'}`
  return [
    { name: 'bin', flag: '2', target: 'usr/bin' },
    { name: 'lib', flag: '2', target: 'usr/lib' },
    { name: 'lib64', flag: '2', target: 'usr/lib64' },
    { name: 'usr/', flag: '5' },
    { name: 'usr/bin/', flag: '5' },
    { name: 'usr/bin/sh', flag: '2', target: 'dash' },
    { name: 'usr/bin/dash', body: elf(machine, { loader }) },
    { name: `usr${loader}`, body: elf(machine, { type: 'shared' }) },
    { name: `${library}/libc.so.6`, body: elf(machine, { type: 'shared' }) },
    { name: 'etc/hostname', body: 'test\n' }
  ]
}

export const appLayer = (machine: Machine = 'amd64'): Entry[] => [{ name: 'app/hello', body: elf(machine, { size: 3000 }) }]

interface Parts {
  config: Buffer
  layers: Buffer[]
  packed: Buffer[]
}

export function parts({
  architecture = 'amd64',
  variant,
  os = 'linux',
  layers = [baseLayer(), appLayer()],
  tars = layers.map(tar),
  packing = 'none',
  config,
  document
}: TestImage): Parts {
  const full = {
    architecture,
    ...(variant !== undefined && { variant }),
    os,
    created: '2026-01-02T03:04:05Z',
    config: { Entrypoint: ['/app/hello'], Env: ['PATH=/usr/local/bin:/usr/bin:/bin'], Labels: { name: 'hello' }, ...config },
    rootfs: { type: 'layers', diff_ids: tars.map((bytes) => `sha256:${sha256(bytes)}`) },
    history: tars.map((_, i) => ({ created_by: `step ${i}` })),
    ...document
  }
  return { config: Buffer.from(JSON.stringify(full)), layers: [...tars], packed: tars.map((bytes) => pack(bytes, packing)) }
}

/** As `docker save` wrote it up to version 24: configuration by digest, layers in folders named by ids of their own. */
export function oldDockerSave(image: TestImage = {}): Entry[] {
  const { config, packed } = parts(image)
  const name = `${sha256(config)}.json`
  const ids = packed.map((bytes, i) => sha256(`${i}${sha256(bytes)}`))
  // Docker wrote a layer that stands twice once, and a link for the other
  const first = (i: number) => packed.findIndex((bytes) => bytes.equals(packed[i]!))
  return [
    ...packed.flatMap((body, i): Entry[] => [
      { name: `${ids[i]}/`, flag: '5' },
      { name: `${ids[i]}/VERSION`, body: '1.0' },
      { name: `${ids[i]}/json`, body: JSON.stringify({ id: ids[i] }) },
      first(i) === i
        ? { name: `${ids[i]}/layer.tar`, body }
        : { name: `${ids[i]}/layer.tar`, flag: '2', target: `../${ids[first(i)]}/layer.tar` }
    ]),
    { name, body: config },
    {
      name: 'manifest.json',
      body: JSON.stringify([{ Config: name, RepoTags: image.tags ?? ['hello:1'], Layers: ids.map((id) => `${id}/layer.tar`) }])
    },
    { name: 'repositories', body: JSON.stringify({ hello: { 1: ids.at(-1) } }) }
  ]
}

/** As go-containerregistry's tarball package writes it (crane, kaniko, ko). */
export function craneTarball(image: TestImage = {}): Entry[] {
  const { config, packed } = parts({ packing: 'gzip', ...image })
  const names = packed.map((bytes) => `${sha256(bytes)}.tar.gz`)
  return [
    { name: `sha256:${sha256(config)}`, body: config },
    ...packed.map((body, i) => ({ name: names[i]!, body })),
    {
      name: 'manifest.json',
      body: JSON.stringify([{ Config: `sha256:${sha256(config)}`, RepoTags: image.tags ?? ['hello:1'], Layers: names }])
    }
  ]
}

/** As buildah and skopeo write a docker-archive: layers by digest, the old names as links. */
export function skopeoArchive(image: TestImage = {}): Entry[] {
  const { config, layers } = parts(image)
  const names = layers.map((bytes) => `${sha256(bytes)}.tar`)
  return [
    ...layers.flatMap((body, i): Entry[] => [
      { name: names[i]!, body },
      { name: `${sha256(`id${i}`)}/layer.tar`, flag: '2', target: `../${names[i]}` }
    ]),
    { name: `${sha256(config)}.json`, body: config },
    {
      name: 'manifest.json',
      body: JSON.stringify([{ Config: `${sha256(config)}.json`, RepoTags: image.tags ?? ['hello:1'], Layers: names }])
    }
  ]
}

const blob = (body: Buffer): Entry => ({ name: `blobs/sha256/${sha256(body)}`, body })

const suffixes = { none: '', gzip: '+gzip', zstd: '+zstd' }

function ociParts(image: TestImage) {
  const { config, packed } = parts(image)
  const type = `application/vnd.oci.image.layer.v1.tar${suffixes[image.packing ?? 'none']}`
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${sha256(config)}`, size: config.length },
      layers: packed.map((body) => ({ mediaType: type, digest: `sha256:${sha256(body)}`, size: body.length }))
    })
  )
  const { os = 'linux', architecture = 'amd64', variant } = image
  const platform = image.platform ?? { os, architecture, ...(variant !== undefined && { variant }) }
  const descriptor = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${sha256(manifest)}`,
    size: manifest.length,
    platform
  }
  return { config, packed, manifest, descriptor }
}

const layoutFile: Entry = { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' }

/** An OCI layout, as `skopeo copy … oci-archive:` and `podman save --format oci-archive` write it. */
export function ociLayout(...images: TestImage[]): Entry[] {
  const each = (images.length > 0 ? images : [{}]).map(ociParts)
  const manifests = each.map(({ descriptor }, i) => ({
    ...descriptor,
    annotations: { 'org.opencontainers.image.ref.name': images[i]?.tags?.[0] ?? 'v1' }
  }))
  const blobs = each.flatMap(({ config, packed, manifest }) => [config, ...packed, manifest].map(blob))
  return [...unique(blobs), layoutFile, { name: 'index.json', body: JSON.stringify({ schemaVersion: 2, manifests }) }]
}

/** An OCI layout whose index.json leads to an index, as BuildKit writes several platforms. */
export function nestedOciLayout(...images: TestImage[]): Entry[] {
  const each = images.map(ociParts)
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: each.map(({ descriptor }) => descriptor)
    })
  )
  const manifests = [{ mediaType: 'application/vnd.oci.image.index.v1+json', digest: `sha256:${sha256(index)}`, size: index.length }]
  const blobs = [...each.flatMap(({ config, packed, manifest }) => [config, ...packed, manifest]), index].map(blob)
  return [...unique(blobs), layoutFile, { name: 'index.json', body: JSON.stringify({ schemaVersion: 2, manifests }) }]
}

/** As `docker save` writes it since version 25: an OCI layout and a manifest.json in one. */
export function newDockerSave(image: TestImage = {}): Entry[] {
  const { config, packed } = ociParts(image)
  const path = (body: Buffer) => `blobs/sha256/${sha256(body)}`
  const manifest = [{ Config: path(config), RepoTags: image.tags ?? ['hello:1'], Layers: packed.map(path) }]
  return [...ociLayout(image), { name: 'manifest.json', body: JSON.stringify(manifest) }]
}

const unique = (entries: Entry[]) => [...new Map(entries.map((entry) => [entry.name, entry])).values()]

/** As `podman save -m` writes several images, and `docker save` with several names. */
export function severalSaved(...images: TestImage[]): Entry[] {
  const each = images.map((image) => oldDockerSave(image))
  const manifests = each.flatMap((entries) => {
    const { body } = entries.find(({ name }) => name === 'manifest.json')!
    return JSON.parse(String(body)) as object[]
  })
  const others = each.flat().filter(({ name }) => name !== 'manifest.json' && name !== 'repositories')
  return [...unique(others), { name: 'manifest.json', body: JSON.stringify(manifests) }]
}

/** A stream of bytes in chunks of a size, as a socket gives them. */
export async function* inChunks(bytes: Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
