import { repositoryOf } from '../image/storage.ts'
import { maskSecrets } from '../secrets.ts'
import { shortName } from './image-names.ts'
import type { FrozenRelease, ReleasedContainer } from './release.ts'
import { releaseScript } from './release-script.ts'
import { quotedYaml } from './yaml-text.ts'

const writers = {
  json: (release: FrozenRelease) => `${JSON.stringify(viewOfRelease(release), null, 2)}\n`,
  yaml: yamlText,
  heat: heatText,
  text: (release: FrozenRelease) => release.set.flatMap((one) => digestReferences(release, one).map((line) => `${line}\n`)).join(''),
  sh: releaseScript
}
export type ReleaseFormat = keyof typeof writers

/** Writes a release. The same release is always the same bytes. */
export const releaseText = (release: FrozenRelease, format: ReleaseFormat): string => writers[format](release)

/** Returns a release as the API shows it: without secrets. */
export function viewOfRelease(release: FrozenRelease) {
  const { reason, ...by } = release.by
  const set = release.set.map(({ images, ...container }) => ({
    ...container,
    images: Object.fromEntries(
      Object.entries(images).map(([architecture, image]) => [architecture, { ...image, url: maskSecrets(image.url) }])
    )
  }))
  return { ...release, by, reason, set }
}

/** Returns a reference by digest for each architecture; for one whose manifest nobody knows, a comment that says so. */
function digestReferences({ registry }: FrozenRelease, { id, images }: ReleasedContainer): string[] {
  return Object.entries(images).map(([architecture, { manifest }]) =>
    manifest === null
      ? `# ${id} for ${architecture}: its manifest is not known, as nobody read it`
      : `${registry}/${repositoryOf(id)}@${manifest}`
  )
}

/** Returns the one reference of a container: by digest where it has one image, else by the tag under which it was registered. */
function referenceOf(release: FrozenRelease, container: ReleasedContainer): string {
  const references = digestReferences(release, container)
  const [only] = references
  const byTag = repositoryOf(container.origin) === repositoryOf(container.id) ? container.origin : container.id
  return references.length === 1 && !only!.startsWith('#') ? only! : `${release.registry}/${byTag}`
}

function yamlText(release: FrozenRelease): string {
  const entries = release.set.map((container) => {
    const digests = Object.entries(container.images).map(([architecture, { manifest, digest }]) => {
      return `    ${quotedYaml(architecture)}: ${quotedYaml(manifest ?? digest ?? '')}\n`
    })
    const params = container.params.length === 0 ? '' : `  params:\n${container.params.map((name) => `  - ${quotedYaml(name)}\n`).join('')}`
    return `- imagename: ${quotedYaml(referenceOf(release, container))}\n${params}  digests:\n${digests.join('')}`
  })
  return `# release ${release.name}\ncontainer_images:\n${entries.join('')}`
}

function heatText(release: FrozenRelease): string {
  const lines = release.set.flatMap((container) => {
    const names = container.params.length > 0 ? container.params : [parameterName(container.id)]
    return names.map((name) => `  ${name}: ${quotedYaml(referenceOf(release, container))}\n`)
  })
  const insecure = release.insecure ? `  DockerInsecureRegistryAddress:\n  - ${quotedYaml(release.registry)}\n` : ''
  return `# release ${release.name}\nparameter_defaults:\n${insecure}${lines.sort().join('')}`
}

/** `nova-api` is ContainerNovaApiImage, as TripleO names its parameters. */
function parameterName(id: string): string {
  const words = shortName(repositoryOf(id))
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  return `Container${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')}Image`
}
