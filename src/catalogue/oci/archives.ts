import { type BlobInfo, type BlobStore, type ByteRange, boundsOf, type OpenBlob, streamOf } from '../../blobs/blob-store.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { asFields, asList } from '../../domain/json/reading.ts'
import { type ArchiveName, blobKey, parseArchiveKey } from '../../domain/oci/documents.ts'
import { type OciDescriptor, parseManifest } from '../../domain/oci/manifest.ts'
import { unpackZstd } from '../../images/extract-members.ts'
import { type ArchivePart, pushedArchiveParts, sizeOfPart } from '../../images/pushed-archive.ts'
import { type BlobReading, maxConfig, openBlob, textOfBlob } from './oci-blobs.ts'

/** A pushed image as a tarball. */
interface Archive extends BlobInfo {
  repository: string
  parts: ArchivePart[]
}

/** Adds the tarballs of pushed images to a store: they are made of blobs when they are read, the same bytes each time. */
export function withArchives(reading: BlobReading): BlobStore {
  const { blobs } = reading
  return {
    ...blobs,
    async head(key) {
      const name = parseArchiveKey(key)
      if (!name) return blobs.head(key)
      const archive = await archiveOf(reading, key, name)
      return archive && infoOf(archive)
    },
    async get(key, options = {}) {
      const name = parseArchiveKey(key)
      if (!name) return blobs.get(key, options)
      const archive = await archiveOf(reading, key, name)
      return archive && openArchive(reading, archive, options.range)
    },
    presign: async (key, options) => (parseArchiveKey(key) ? undefined : blobs.presign(key, options))
  }
}

const infoOf = ({ key, size, modified }: Archive): BlobInfo => ({ key, size, modified })

async function archiveOf(reading: BlobReading, key: string, { repository, tag, digest }: ArchiveName): Promise<Archive | undefined> {
  const manifest = await reading.kept.manifest(repository, digest)
  if (!manifest) return undefined
  const { kind, config, layers } = parseManifest(manifest.text, { contentType: undefined })
  if (kind !== 'image' || !config) return undefined
  const { mediaType, text } = manifest
  const loadable = await loadableLayers(reading, { repository, config, layers })
  const name = `${repository}:${tag}`
  const parts = pushedArchiveParts({ manifest: { digest, mediaType, text }, config, layers, loadable, name })
  const size = parts.reduce((sum, part) => sum + sizeOfPart(part), 0)
  return { key, repository, parts, size, modified: new Date(manifest.pushed ?? manifest.touched) }
}

interface LayersOf {
  repository: string
  config: OciDescriptor
  layers: readonly OciDescriptor[]
}

/** Docker before 23 and podman 4 load no layers that are compressed with zstd: those are unpacked once, and stored. */
async function loadableLayers(reading: BlobReading, { repository, config, layers }: LayersOf) {
  if (!layers.some(({ mediaType }) => mediaType.endsWith('zstd'))) return layers
  const diffIds = await diffIdsOf(reading, { repository, config })
  const loadable: { digest: string; size: number }[] = []
  for (const [i, layer] of layers.entries()) {
    const diffId = diffIds[i]
    if (!layer.mediaType.endsWith('zstd') || typeof diffId !== 'string') loadable.push(layer)
    else loadable.push({ digest: diffId, size: await unpackedSize(reading, { repository, digest: layer.digest }, diffId) })
  }
  return loadable
}

async function unpackedSize(reading: BlobReading, layer: { repository: string; digest: string }, diffId: string): Promise<number> {
  const key = blobKey(diffId)
  const there = await reading.blobs.head(key)
  if (there) return there.size
  const { stream } = await openLayer(reading, layer)
  return (await reading.blobs.put(key, unpackZstd(stream), { expected: { sha256: diffId.slice('sha256:'.length) } })).size
}

async function diffIdsOf(reading: BlobReading, { repository, config }: Omit<LayersOf, 'layers'>): Promise<readonly unknown[]> {
  if (config.size > maxConfig) return []
  const text = await textOfBlob(await openLayer(reading, { repository, digest: config.digest }))
  return asList(asFields(asFields(JSON.parse(text))?.['rootfs'])?.['diff_ids'])
}

/** A layer that was unpacked for archives belongs to no repository. */
async function openLayer(reading: BlobReading, { repository, digest, range }: { repository: string; digest: string; range?: ByteRange }) {
  const blob = await reading.kept.blob(repository, digest)
  return openBlob(reading, blob ?? { kind: 'blob', repository, name: digest, size: 0, touched: '' }, range)
}

function openArchive(reading: BlobReading, archive: Archive, range: ByteRange | undefined): OpenBlob {
  const bounds = boundsOf(range, archive)
  return { ...infoOf(archive), stream: streamOf(bytesOf(reading, archive, bounds)), ...bounds }
}

type Bounds = Pick<OpenBlob, 'first' | 'last'>

async function* bytesOf(reading: BlobReading, { repository, parts }: Archive, { first, last }: Bounds): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const part of parts) {
    const size = sizeOfPart(part)
    const [from, to] = [Math.max(first - at, 0), Math.min(last - at, size - 1)]
    at += size
    if (from > to) continue
    if ('bytes' in part) yield part.bytes.subarray(from, to + 1)
    else yield* layerBytes(reading, { repository, digest: part.digest }, { first: from, last: to })
  }
}

async function* layerBytes(reading: BlobReading, layer: { repository: string; digest: string }, range: Bounds) {
  const { stream } = await openLayer(reading, { ...layer, range })
  let left = range.last - range.first + 1
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    left -= chunk.length
    yield chunk
  }
  // the client would take what follows for the rest of this layer
  if (left !== 0) throw new CatalogueError('blob_damaged', `${layer.digest} has ${left} bytes less than its manifest says`)
}

/** The folders in which `/v2/` keeps its content; nobody writes into them by path. */
const ownFolders = ['oci/blobs', 'oci/archives']
const isOwn = (key: string) => ownFolders.some((folder) => key === folder || key.startsWith(`${folder}/`))

/** A store as clients see it by path: without the blobs of `/v2/`, whose tarballs can be read, but neither replaced nor removed. */
export function visibleByPath(blobs: BlobStore): BlobStore {
  const isHidden = (key: string) => isOwn(key) && !parseArchiveKey(key)
  const refuseOwn = (key: string) => {
    if (isOwn(key)) throw new CatalogueError('forbidden', `${key} is where /v2/ keeps its content, which no client changes by path`)
  }
  return {
    ...blobs,
    head: async (key) => (isHidden(key) ? undefined : blobs.head(key)),
    get: async (key, options) => (isHidden(key) ? undefined : blobs.get(key, options)),
    async put(key, source, options) {
      if (typeof key === 'string') refuseOwn(key)
      return blobs.put(key, source, options)
    },
    async remove(key) {
      refuseOwn(key)
      return blobs.remove(key)
    },
    async list(query) {
      const page = await blobs.list(query)
      return { ...page, items: page.items.filter(({ key }) => !isOwn(key)), folders: page.folders.filter((folder) => !isOwn(folder)) }
    },
    folders: {
      exists: async (key) => !isOwn(key) && blobs.folders.exists(key),
      async make(key) {
        refuseOwn(key)
        return blobs.folders.make(key)
      },
      async remove(key) {
        refuseOwn(key)
        return blobs.folders.remove(key)
      }
    }
  }
}
