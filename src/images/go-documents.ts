import {
  type Decoded,
  type GoType,
  goBool,
  goBytes,
  goInt,
  goString,
  goStringOrStrings,
  goTime,
  listOf,
  mapOf,
  struct
} from './go-types.ts'

/*
 * The documents of an image archive as image loaders declare them: Docker (image/tarexport, image, container.Config), containers/image
 * (podman, skopeo, buildah) and the OCI image specification (containerd, umoci). Each type is the union of theirs, because an image that
 * one of them refuses cannot be loaded everywhere.
 */

/** Returns fields of one type. */
const fields = <T, const Name extends string>(type: GoType<T>, ...names: Name[]) =>
  Object.fromEntries(names.map((name) => [name, type])) as Record<Name, GoType<T>>

const strings = listOf(goString)

const descriptor = struct({
  ...fields(goString, 'mediaType', 'digest', 'artifactType'),
  size: goInt,
  urls: strings,
  annotations: mapOf(goString),
  data: goBytes,
  platform: struct({ ...fields(goString, 'architecture', 'os', 'os.version', 'variant'), ...fields(strings, 'os.features', 'features') })
})
export type DescriptorDocument = Decoded<typeof descriptor>

/** An OCI manifest or index, or one of Docker's schema 2; an index has `manifests`. */
export const manifestDocument = struct({
  schemaVersion: goInt,
  ...fields(goString, 'mediaType', 'artifactType'),
  ...fields(descriptor, 'config', 'subject'),
  ...fields(listOf(descriptor), 'layers', 'manifests'),
  annotations: mapOf(goString)
})
export type ManifestDocument = Decoded<typeof manifestDocument>

/** manifest.json, as docker save writes it. */
export const archiveManifest = listOf(
  struct({ ...fields(goString, 'Config', 'Parent'), ...fields(strings, 'RepoTags', 'Layers'), LayerSources: mapOf(descriptor) })
)
export type ArchiveManifest = Decoded<typeof archiveManifest>

const containerConfig = struct({
  ...fields(goString, 'Hostname', 'Domainname', 'User', 'Image', 'WorkingDir', 'MacAddress', 'StopSignal'),
  ...fields(goBool, 'AttachStdin', 'AttachStdout', 'AttachStderr', 'Tty', 'OpenStdin', 'StdinOnce', 'ArgsEscaped', 'NetworkDisabled'),
  ...fields(mapOf(struct({})), 'ExposedPorts', 'Volumes'),
  ...fields(strings, 'Env', 'Cmd', 'Entrypoint', 'OnBuild'),
  Healthcheck: struct({ Test: strings, ...fields(goInt, 'Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries') }),
  Labels: mapOf(goString),
  StopTimeout: goInt,
  Shell: goStringOrStrings
})
export type ContainerConfig = Decoded<typeof containerConfig>

/** An image's configuration. */
export const imageConfig = struct({
  ...fields(goString, 'id', 'parent', 'comment', 'container', 'docker_version', 'author', 'architecture', 'variant', 'os', 'os.version'),
  created: goTime,
  ...fields(containerConfig, 'container_config', 'config'),
  'os.features': strings,
  Size: goInt,
  rootfs: struct({ type: goString, diff_ids: strings }),
  history: listOf(struct({ ...fields(goString, 'author', 'created_by', 'comment'), created: goTime, empty_layer: goBool }))
})
export type ImageConfig = Decoded<typeof imageConfig>
