import { bytes, type Decoded, goText, integer, listOf, mapOf, struct, textOrTexts, time, truth } from './go-types.ts'

/*
 * The documents of an image archive as image loaders declare them: Docker (image/tarexport, image, container.Config), containers/image
 * (podman, skopeo, buildah) and the OCI image specification (containerd, umoci). Each type is the union of theirs, because an image that
 * one of them refuses cannot be loaded everywhere.
 */

const platform = struct({
  architecture: goText,
  os: goText,
  'os.version': goText,
  'os.features': listOf(goText),
  variant: goText,
  features: listOf(goText)
})

const descriptor = struct({
  mediaType: goText,
  digest: goText,
  size: integer,
  urls: listOf(goText),
  annotations: mapOf(goText),
  data: bytes,
  platform,
  artifactType: goText
})
export type DescriptorDocument = Decoded<typeof descriptor>

/** An OCI manifest or index, or one of Docker's schema 2; an index has `manifests`. */
export const manifestDocument = struct({
  schemaVersion: integer,
  mediaType: goText,
  artifactType: goText,
  config: descriptor,
  layers: listOf(descriptor),
  manifests: listOf(descriptor),
  subject: descriptor,
  annotations: mapOf(goText)
})
export type ManifestDocument = Decoded<typeof manifestDocument>

/** manifest.json, as docker save writes it. */
export const archiveManifest = listOf(
  struct({ Config: goText, RepoTags: listOf(goText), Layers: listOf(goText), Parent: goText, LayerSources: mapOf(descriptor) })
)
export type ArchiveManifest = Decoded<typeof archiveManifest>

const nothing = struct({})

const healthcheck = struct({
  Test: listOf(goText),
  Interval: integer,
  Timeout: integer,
  StartPeriod: integer,
  StartInterval: integer,
  Retries: integer
})

const containerConfig = struct({
  Hostname: goText,
  Domainname: goText,
  User: goText,
  AttachStdin: truth,
  AttachStdout: truth,
  AttachStderr: truth,
  ExposedPorts: mapOf(nothing),
  Tty: truth,
  OpenStdin: truth,
  StdinOnce: truth,
  Env: listOf(goText),
  Cmd: listOf(goText),
  Healthcheck: healthcheck,
  ArgsEscaped: truth,
  Image: goText,
  Volumes: mapOf(nothing),
  WorkingDir: goText,
  Entrypoint: listOf(goText),
  NetworkDisabled: truth,
  MacAddress: goText,
  OnBuild: listOf(goText),
  Labels: mapOf(goText),
  StopSignal: goText,
  StopTimeout: integer,
  Shell: textOrTexts
})
export type ContainerConfig = Decoded<typeof containerConfig>

/** An image's configuration. */
export const imageConfig = struct({
  id: goText,
  parent: goText,
  comment: goText,
  created: time,
  container: goText,
  container_config: containerConfig,
  docker_version: goText,
  author: goText,
  config: containerConfig,
  architecture: goText,
  variant: goText,
  os: goText,
  'os.version': goText,
  'os.features': listOf(goText),
  Size: integer,
  rootfs: struct({ type: goText, diff_ids: listOf(goText) }),
  history: listOf(struct({ created: time, author: goText, created_by: goText, comment: goText, empty_layer: truth }))
})
export type ImageConfig = Decoded<typeof imageConfig>
