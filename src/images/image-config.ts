import { type Architecture, parseArchitecture } from '../domain/architecture.ts'
import { isCatalogueError } from '../domain/errors.ts'
import { asArchitectureName } from '../domain/json/reading.ts'
import { type DecisiveFile, defaultPath, type Start } from './decisive.ts'
import type { FoundImage } from './found-image.ts'
import type { ContainerConfig, ImageConfig } from './go-documents.ts'
import type { ConfigFacts, ImageFacts } from './image-report.ts'
import type { ImageLimits } from './limits.ts'
import { otherPlatform } from './platform.ts'
import type { ProblemList } from './problems.ts'

/** Limits the number and the length of texts. */
export const texts = (list: readonly string[], { items, textLength }: ImageLimits) =>
  list.slice(0, items).map((item) => item.slice(0, textLength))

interface Configured {
  claimed: Architecture | undefined
  problems: ProblemList
  /** The platform in the index, which counts where the configuration names none. */
  platform: FoundImage['platform']
  decisive: readonly DecisiveFile[]
}

/** The architecture in a configuration. A variant may be written as 7 or v7, as for containerd. */
export function configuredArchitecture(config: ImageConfig, context: Configured): Architecture | undefined {
  const { claimed, platform, decisive, problems } = context
  const { architecture: name = '', variant: given = '' } = config.architecture ? config : (platform ?? {})
  if (name === '' || name === 'unknown') return undefined
  const variant = given.replace(/^[5-8]$/, 'v$&')
  const isArm = name.toLowerCase() === 'arm'
  // Docker left the variant out for years, so any claimed variant may be right
  if (isArm && variant === '' && claimed?.startsWith('arm/')) return claimed
  try {
    // some call arm64 so: https://github.com/moby/moby/issues/40141
    if (isArm && variant === 'v8' && isAllArm64(decisive)) return parseArchitecture('arm64')
    return parseArchitecture(variant === '' ? name : `${name}/${variant}`)
  } catch (error) {
    if (!isCatalogueError(error)) throw error
    problems.add({ code: 'architecture_invalid', message: `the configuration's architecture: ${error.message}`, fatal: false })
    return undefined
  }
}

/** The platform in the index, when it is another one than the configuration's: loaders then choose by what the image is not. */
export function contradictingPlatform(platform: FoundImage['platform'], configured: Architecture | undefined): string | undefined {
  const { architecture = '', variant = '' } = platform ?? {}
  const other = otherPlatform(platform ?? {})
  if (other !== undefined || architecture === '') return other
  const indexed = asArchitectureName(variant === '' ? architecture : `${architecture}/${variant}`)
  if (indexed === null || configured === undefined) return undefined
  return indexed.split('/')[0] === configured.split('/')[0] ? undefined : indexed
}

function isAllArm64(decisive: readonly DecisiveFile[]): boolean {
  const machines = decisive.flatMap(({ file }) => (file?.kind === 'elf' ? [file.machine] : []))
  return machines.length > 0 && machines.every((machine) => machine === 'arm64')
}

const pathOf = ({ Env = [] }: ContainerConfig) => Env.findLast((variable) => variable.startsWith('PATH='))?.slice('PATH='.length)

export function startOf(config: ContainerConfig, limits: ImageLimits): Start {
  return {
    entrypoint: (config.Entrypoint ?? []).slice(0, limits.items),
    command: (config.Cmd ?? []).slice(0, limits.items),
    shell: config.Shell ?? [],
    path: pathOf(config)?.slice(0, limits.textLength * 4) || defaultPath,
    workingDirectory: config.WorkingDir?.slice(0, limits.pathLength) || '/'
  }
}

export function configFacts({ digest, size, member, offset, value }: NonNullable<FoundImage['config']>, limits: ImageLimits): ConfigFacts {
  const config = value.config ?? {}
  const text = (of: string | undefined) => of?.slice(0, limits.textLength) ?? null
  const labels = [...(config.Labels ?? [])].slice(0, limits.items)
  return {
    digest,
    size,
    member,
    offset,
    os: text(value.os),
    architecture: text(value.architecture),
    variant: text(value.variant),
    created: text(value.created),
    author: text(value.author),
    entrypoint: texts(config.Entrypoint ?? [], limits),
    command: texts(config.Cmd ?? [], limits),
    shell: texts(config.Shell ?? [], limits),
    path: text(pathOf(config)),
    workingDirectory: text(config.WorkingDir),
    user: text(config.User),
    labels: Object.fromEntries(labels.map(([name, of]) => [name.slice(0, 256), of.slice(0, limits.textLength)]))
  }
}

/** The base image that labels or annotations name. */
export function baseOf({ annotations }: FoundImage, { Labels: labels }: ContainerConfig, { textLength }: ImageLimits): ImageFacts['base'] {
  const of = (name: string) => (labels?.get(name) ?? annotations.get(name))?.slice(0, textLength) ?? null
  const [name, digest] = [of('org.opencontainers.image.base.name'), of('org.opencontainers.image.base.digest')]
  return name === null && digest === null ? null : { name, digest }
}
