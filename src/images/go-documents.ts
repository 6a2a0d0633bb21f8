import { type Decoded, goBool, goBytes, goInt, goString, goStringOrStrings, goTime, listOf, mapOf, struct } from './go-types.ts'

/*
 * The documents of an image archive as image loaders declare them: Docker (image/tarexport, image, container.Config), containers/image
 * (podman, skopeo, buildah) and the OCI image specification (containerd, umoci). Each type is the union of theirs, because an image that
 * one of them refuses cannot be loaded everywhere.
 */

const platform = struct({
  architecture: goString,
  os: goString,
  'os.version': goString,
  'os.features': listOf(goString),
  variant: goString,
  features: listOf(goString)
})

const descriptor = struct({
  mediaType: goString,
  digest: goString,
  size: goInt,
  urls: listOf(goString),
  annotations: mapOf(goString),
  data: goBytes,
  platform,
  artifactType: goString
})
export type DescriptorDocument = Decoded<typeof descriptor>

/** An OCI manifest or index, or one of Docker's schema 2; an index has `manifests`. */
export const manifestDocument = struct({
  schemaVersion: goInt,
  mediaType: goString,
  artifactType: goString,
  config: descriptor,
  layers: listOf(descriptor),
  manifests: listOf(descriptor),
  subject: descriptor,
  annotations: mapOf(goString)
})
export type ManifestDocument = Decoded<typeof manifestDocument>

/** manifest.json, as docker save writes it. */
export const archiveManifest = listOf(
  struct({ Config: goString, RepoTags: listOf(goString), Layers: listOf(goString), Parent: goString, LayerSources: mapOf(descriptor) })
)
export type ArchiveManifest = Decoded<typeof archiveManifest>

const nothing = struct({})

const healthcheck = struct({
  Test: listOf(goString),
  Interval: goInt,
  Timeout: goInt,
  StartPeriod: goInt,
  StartInterval: goInt,
  Retries: goInt
})

const containerConfig = struct({
  Hostname: goString,
  Domainname: goString,
  User: goString,
  AttachStdin: goBool,
  AttachStdout: goBool,
  AttachStderr: goBool,
  ExposedPorts: mapOf(nothing),
  Tty: goBool,
  OpenStdin: goBool,
  StdinOnce: goBool,
  Env: listOf(goString),
  Cmd: listOf(goString),
  Healthcheck: healthcheck,
  ArgsEscaped: goBool,
  Image: goString,
  Volumes: mapOf(nothing),
  WorkingDir: goString,
  Entrypoint: listOf(goString),
  NetworkDisabled: goBool,
  MacAddress: goString,
  OnBuild: listOf(goString),
  Labels: mapOf(goString),
  StopSignal: goString,
  StopTimeout: goInt,
  Shell: goStringOrStrings
})
export type ContainerConfig = Decoded<typeof containerConfig>

/** An image's configuration. */
export const imageConfig = struct({
  id: goString,
  parent: goString,
  comment: goString,
  created: goTime,
  container: goString,
  container_config: containerConfig,
  docker_version: goString,
  author: goString,
  config: containerConfig,
  architecture: goString,
  variant: goString,
  os: goString,
  'os.version': goString,
  'os.features': listOf(goString),
  Size: goInt,
  rootfs: struct({ type: goString, diff_ids: listOf(goString) }),
  history: listOf(struct({ created: goTime, author: goString, created_by: goString, comment: goString, empty_layer: goBool }))
})
export type ImageConfig = Decoded<typeof imageConfig>
