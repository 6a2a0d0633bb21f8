import { bytes, type Decoded, integer, listOf, mapOf, struct, text, textOrTexts, time, truth } from './go-types.ts'

/*
 * The documents of an image archive as image loaders declare them: Docker (image/tarexport, image, container.Config), containers/image
 * (podman, skopeo, buildah) and the OCI image specification (containerd, umoci). Each type is the union of theirs, because an image that
 * one of them refuses cannot be loaded everywhere.
 */

const platform = struct({
  architecture: text,
  os: text,
  'os.version': text,
  'os.features': listOf(text),
  variant: text,
  features: listOf(text)
})

const descriptor = struct({
  mediaType: text,
  digest: text,
  size: integer,
  urls: listOf(text),
  annotations: mapOf(text),
  data: bytes,
  platform,
  artifactType: text
})
export type DescriptorDocument = Decoded<typeof descriptor>

/** An OCI manifest or index, or one of Docker's schema 2; an index has `manifests`. */
export const manifestDocument = struct({
  schemaVersion: integer,
  mediaType: text,
  artifactType: text,
  config: descriptor,
  layers: listOf(descriptor),
  manifests: listOf(descriptor),
  subject: descriptor,
  annotations: mapOf(text)
})
export type ManifestDocument = Decoded<typeof manifestDocument>

/** manifest.json, as docker save writes it. */
export const archiveManifest = listOf(
  struct({ Config: text, RepoTags: listOf(text), Layers: listOf(text), Parent: text, LayerSources: mapOf(descriptor) })
)
export type ArchiveManifest = Decoded<typeof archiveManifest>

const nothing = struct({})

const healthcheck = struct({
  Test: listOf(text),
  Interval: integer,
  Timeout: integer,
  StartPeriod: integer,
  StartInterval: integer,
  Retries: integer
})

const containerConfig = struct({
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: truth,
  AttachStdout: truth,
  AttachStderr: truth,
  ExposedPorts: mapOf(nothing),
  Tty: truth,
  OpenStdin: truth,
  StdinOnce: truth,
  Env: listOf(text),
  Cmd: listOf(text),
  Healthcheck: healthcheck,
  ArgsEscaped: truth,
  Image: text,
  Volumes: mapOf(nothing),
  WorkingDir: text,
  Entrypoint: listOf(text),
  NetworkDisabled: truth,
  MacAddress: text,
  OnBuild: listOf(text),
  Labels: mapOf(text),
  StopSignal: text,
  StopTimeout: integer,
  Shell: textOrTexts
})
export type ContainerConfig = Decoded<typeof containerConfig>

/** An image's configuration. */
export const imageConfig = struct({
  id: text,
  parent: text,
  comment: text,
  created: time,
  container: text,
  container_config: containerConfig,
  docker_version: text,
  author: text,
  config: containerConfig,
  architecture: text,
  variant: text,
  os: text,
  'os.version': text,
  'os.features': listOf(text),
  Size: integer,
  rootfs: struct({ type: text, diff_ids: listOf(text) }),
  history: listOf(struct({ created: time, author: text, created_by: text, comment: text, empty_layer: truth }))
})
export type ImageConfig = Decoded<typeof imageConfig>
