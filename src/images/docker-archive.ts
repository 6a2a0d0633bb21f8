import { parseDocument } from './documents.ts'
import { checkNamedDigest, deriveManifest, type Finder, type Found, type FoundImage, type FoundLayer, readConfig } from './found-image.ts'
import { type ArchiveManifest, archiveManifest } from './go-documents.ts'
import type { ImageLimits } from './limits.ts'
import type { Members } from './members.ts'
import { fatal, type Problem, quoted } from './problems.ts'

/** The images that manifest.json names, as docker save, go-containerregistry, buildah and skopeo write it. Undefined when there is none. */
export const findDockerImages: Finder = (members, limits) => {
  const manifest = members.find('manifest.json')
  if (manifest === undefined) return undefined
  const found: Found = { images: [], problems: [], absent: [], indexes: [] }
  const parsed = parseDocument(manifest, { type: archiveManifest, limits, wrongType: 'manifest_invalid' })
  const entries = parsed.problem === undefined ? parsed.value : []
  if (parsed.problem !== undefined) found.problems.push(parsed.problem)
  else if (entries.length === 0) found.problems.push(fatal('manifest_invalid', 'manifest.json lists no image'))
  if (entries.length > limits.images) {
    found.problems.push(fatal('too_many_images', `manifest.json names ${entries.length} images; at most ${limits.images} are read`))
  }
  for (const entry of entries.slice(0, limits.images)) found.images.push(imageOf(entry, members, limits))
  return found
}

function imageOf(entry: ArchiveManifest[number], members: Members, limits: ImageLimits): FoundImage {
  const { Config: configName = '', Layers: layerNames = [], RepoTags: tags = [] } = entry
  const problems: Problem[] = []
  if (configName === '' || layerNames.includes('')) {
    problems.push(fatal('manifest_invalid', 'manifest.json has an image without Config, or with a layer that has no name'))
  }
  if (layerNames.length > limits.layers) {
    problems.push(fatal('too_many_layers', `an image has ${layerNames.length} layers; at most ${limits.layers} are read`))
  }
  const configMember = configName === '' ? undefined : members.find(configName)
  const config = configName === '' ? undefined : readConfig(configMember, { name: configName, limits, problems })
  const layers = layerNames.slice(0, limits.layers).map((name): FoundLayer => {
    return { name, mediaType: 'application/vnd.docker.image.rootfs.diff.tar', member: members.find(name) }
  })
  for (const member of [configMember, ...layers.map(({ member }) => member)]) {
    const mismatch = member === undefined ? undefined : checkNamedDigest(member)
    if (mismatch !== undefined) problems.push(mismatch)
  }
  const manifest = config === undefined ? null : deriveManifest(config, layers)
  const unsaid = { indexes: [], annotations: new Map<string, string>(), platform: undefined }
  return { formats: ['docker-archive'], config, manifest, layers, tags, problems, ...unsaid }
}

/** Explains, from an archive's members, why it has neither manifest.json nor index.json. */
export function explainNoImages(members: Members): Problem {
  const names = new Set<string>()
  for (const name of members.names) if (names.size < 3) names.add(quoted(name))
  const has = names.size === 0 ? 'it has no members' : `it has ${[...names].join(', ')}${members.count > 3 ? ' …' : ''}`
  const hint =
    members.find('repositories') !== undefined
      ? 'it seems to come from a Docker older than 1.10, which wrote no manifest.json'
      : 'images are made with docker save, not with docker export or by packing files into a tar'
  return fatal('manifest_absent', `the archive has neither manifest.json nor index.json, so it names no image (${has}); ${hint}`)
}
