export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json'
} as const

export const isIndexType = (type: string): boolean => type === mediaTypes.ociIndex || type === mediaTypes.dockerList
export const isImageConfig = (type: string | undefined): boolean => type === mediaTypes.ociConfig || type === mediaTypes.dockerConfig
export const isManifestType = (type: string): boolean =>
  isIndexType(type) || type === mediaTypes.ociManifest || type === mediaTypes.dockerManifest

/** Returns the bytes of an index, as text; the same manifests give the same bytes. */
export const indexText = (manifests: readonly object[], mediaType: string = mediaTypes.ociIndex): string =>
  JSON.stringify({ schemaVersion: 2, mediaType, manifests })

/** What a client takes for a tag: an index in one of two forms, or only a manifest. */
export type AcceptedForm = 'oci-index' | 'docker-list' | 'manifest'

/** Reads the Accept headers of a request for a manifest. A client that says nothing, or anything, takes an OCI index. */
export function acceptedForm(accept: string | undefined): AcceptedForm {
  const types = (accept ?? '').split(',').map((type) => type.split(';', 1)[0]!.trim().toLowerCase())
  if (types.includes(mediaTypes.ociIndex)) return 'oci-index'
  if (types.includes(mediaTypes.dockerList)) return 'docker-list'
  const namesManifests = types.some((type) => type === mediaTypes.ociManifest || type === mediaTypes.dockerManifest)
  return namesManifests ? 'manifest' : 'oci-index'
}
