import { createHash } from 'node:crypto'
import {
  craneTarball,
  nestedOciLayout,
  newDockerSave,
  ociLayout,
  oldDockerSave,
  type Packing,
  pack,
  sha256,
  skopeoArchive,
  type TestImage
} from '../../../support/images.ts'
import { type Entry, tar } from '../../../support/tar.ts'

export type Form = 'docker-archive' | 'oci-archive'

/** One question to every reader: what does this machine start when it is given this archive? */
export interface Case {
  /** `<fault>/<variation>`, and how the archive is written. */
  name: string
  bytes: Buffer
  /** What a loader is told that the archive is; one that is both is read as both. */
  forms: readonly Form[]
  /** As OCI names it, with the variant: `amd64`, `arm/v7`. */
  machine: string
  /** Which of several images is asked for. */
  tag?: string
  /** What tells which image is meant, where the archive may have several. */
  choice?: 'platform' | 'tag'
}

export type Written = 'old' | 'docker25' | 'crane' | 'skopeo' | 'oci' | 'nested'

const writers: Record<Written, { write: (image: TestImage) => Entry[]; forms: readonly Form[] }> = {
  old: { write: oldDockerSave, forms: ['docker-archive'] },
  docker25: { write: newDockerSave, forms: ['docker-archive', 'oci-archive'] },
  crane: { write: craneTarball, forms: ['docker-archive'] },
  skopeo: { write: skopeoArchive, forms: ['docker-archive'] },
  oci: { write: ociLayout, forms: ['oci-archive'] },
  nested: { write: nestedOciLayout, forms: ['oci-archive'] }
}

interface WrittenCase {
  image?: TestImage
  as: Written
  machine?: string | undefined
  /** What the whole archive is packed with. */
  packing?: Packing
}

export function caseOf(name: string, { image = {}, as, machine = 'amd64', packing = 'none' }: WrittenCase): Case {
  const { write, forms } = writers[as]
  return { name: `${name}.${as}`, bytes: pack(tar(write(image)), packing), forms, machine }
}

/** An image as docker save wrote it for long, and as an OCI layout. */
export function casesOf(name: string, image: TestImage): [Case, Case] {
  return [caseOf(name, { image, as: 'old' }), caseOf(name, { image: { packing: 'gzip', ...image }, as: 'oci' })]
}

/** Images whose form does not matter, in both forms by turns. */
export const byTurns = (images: readonly [name: string, image: TestImage][]): Case[] =>
  images.map(([name, image], i) => casesOf(name, image)[i % 2 === 0 ? 0 : 1])

/** Documents as text, for what an object of JavaScript cannot say: a name twice, or types that nobody expects. */
export interface Texts {
  config?: (text: string) => string
  manifest?: (text: string) => string
  index?: (text: string) => string
}

interface TextImage {
  /** The configuration; its layers' diff ids are filled in. */
  config: Record<string, unknown>
  layers: readonly (readonly Entry[])[]
  texts?: Texts
}

const digestOf = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const unchanged = (text: string) => text

function bytesOf({ config, layers, texts = {} }: TextImage) {
  const tars = layers.map(tar)
  const full = { ...config, rootfs: { type: 'layers', diff_ids: tars.map(digestOf) } }
  return { tars, config: (texts.config ?? unchanged)(JSON.stringify(full)) }
}

/** `c.json`, `0.tar` …, and whatever `manifest` makes of a manifest.json that names them. Further members come first. */
export function dockerTextCase(name: string, { further = [], ...image }: TextImage & { further?: Entry[] }): Case {
  const { tars, config } = bytesOf(image)
  const manifest = JSON.stringify([{ Config: 'c.json', RepoTags: ['hello:1'], Layers: tars.map((_, i) => `${i}.tar`) }])
  const entries: Entry[] = [
    ...further,
    { name: 'c.json', body: config },
    ...tars.map((body, i) => ({ name: `${i}.tar`, body })),
    { name: 'manifest.json', body: (image.texts?.manifest ?? unchanged)(manifest) }
  ]
  return { name: `${name}.docker`, bytes: tar(entries), forms: ['docker-archive'], machine: 'amd64' }
}

const blob = (body: Buffer | string): Entry => ({ name: `blobs/sha256/${sha256(body)}`, body })

/** The same as an OCI layout. Further blobs may be named by what `manifest` or `index` change. */
export function ociTextCase(name: string, { blobs = [], ...image }: TextImage & { blobs?: readonly (Buffer | string)[] }): Case {
  const { tars, config } = bytesOf(image)
  const type = 'application/vnd.oci.image.layer.v1.tar'
  const manifest = (image.texts?.manifest ?? unchanged)(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptorOf(config, 'application/vnd.oci.image.config.v1+json'),
      layers: tars.map((bytes) => descriptorOf(bytes, type))
    })
  )
  const index = JSON.stringify({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptorOf(manifest, 'application/vnd.oci.image.manifest.v1+json'),
        annotations: { 'org.opencontainers.image.ref.name': 'v1' }
      }
    ]
  })
  const entries: Entry[] = [
    { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
    ...[...tars, config, manifest, ...blobs].map(blob),
    { name: 'index.json', body: (image.texts?.index ?? unchanged)(index) }
  ]
  return { name: `${name}.oci`, bytes: tar(entries), forms: ['oci-archive'], machine: 'amd64' }
}

export const descriptorOf = (bytes: Buffer | string, mediaType: string) => ({
  mediaType,
  digest: digestOf(bytes),
  size: Buffer.byteLength(bytes)
})
