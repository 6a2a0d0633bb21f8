import { type Architecture, parseArchitecture } from '../domain/architecture.ts'
import { isCatalogueError } from '../domain/errors.ts'
import type { Budget } from './budget.ts'
import { type Census, takeCensus } from './census.ts'
import { type DecisiveFile, decisiveFiles, defaultPath, type Start } from './decisive.ts'
import { type FileSystem, layFileSystem } from './file-system.ts'
import { checkLayer, type FoundImage, fatal } from './found-image.ts'
import type { ContainerConfig, ImageConfig } from './go-documents.ts'
import type { ConfigFacts, FileFacts, ImageFacts, LayerFacts } from './image-report.ts'
import type { ImageLimits } from './limits.ts'
import { machineName } from './machines.ts'
import { otherPlatform } from './platform.ts'
import { type ProblemList, quoted } from './problems.ts'
import { judge, judgeOther } from './verdict.ts'

interface Describing {
  /** What was claimed by whoever asked. */
  claimed: Architecture | undefined
  budget: Budget
  problems: ProblemList
}

/** An image's facts and verdict: its layers are compared with its configuration, then laid over one another. */
export async function describeImage(found: FoundImage, { claimed, budget, problems }: Describing): Promise<ImageFacts> {
  const { limits } = budget
  const value = found.config?.value ?? {}
  const config = value.config ?? {}
  const other = otherPlatform(value)
  const layers = layersOf(found, limits)
  const wrong = [...found.problems, ...checkLayers(found, layers)].map((problem) => ({
    ...problem,
    // layers of Windows images are often left out of archives
    fatal: problem.fatal && other === undefined
  }))
  for (const problem of wrong) problems.add(problem)
  const fileSystem = await openImage(found, budget)
  const decisive = decisiveFiles(fileSystem, { start: startOf(config, limits), limits })
  const configured = other === undefined ? configuredArchitecture(value, { claimed, decisive, problems }) : undefined
  const claim = claimed ?? configured
  const census = await takeCensus(fileSystem, { architecture: claim, limits })
  const judgement = other === undefined ? judge({ claimed: claim, configured, decisive, census }) : judgeOther(other, claimed)
  if (claim === undefined && other === undefined) {
    problems.add({
      code: 'architecture_unclaimed',
      message: 'neither the configuration nor the request names an architecture',
      fatal: false
    })
  }
  noteMissing(decisive, problems)
  const why = wrong.find((problem) => problem.fatal)
  return {
    verdict: why === undefined ? judgement.verdict : 'unreadable',
    summary: (why === undefined ? judgement.summary : why.message).slice(0, limits.textLength),
    claimed: claim ?? other ?? null,
    architecture: why === undefined ? (judgement.proven ?? null) : null,
    formats: found.formats,
    config: found.config === undefined ? null : configFacts(found.config, limits),
    manifest: found.manifest ?? null,
    tags: texts(found.tags, limits),
    base: baseOf(found, config, limits),
    layers,
    decisive: decisive.map((file) => fileFacts(file, limits)),
    census: censusFacts(census)
  }
}

const censusFacts = ({ files, machines, native, foreign, wrongLibraries, strays }: Census): ImageFacts['census'] => ({
  files,
  machines,
  native: native.files,
  foreign: { files: foreign.files, listed: foreign.listed },
  wrongLibraries,
  strays
})

/** The file system of an image, made anew each time, as keeping all of an archive's would hold too much. */
export const openImage = ({ layers }: FoundImage, budget: Budget): Promise<FileSystem> =>
  layFileSystem(
    layers.flatMap(({ member }) => (member?.layer === undefined ? [] : [member.layer.log])),
    budget
  )

export function fileFacts(
  { role, named, path, links, file }: Omit<DecisiveFile, 'role'> & { role: DecisiveFile['role'] | null },
  limits: ImageLimits
): FileFacts {
  return {
    role,
    named: named.slice(0, limits.textLength),
    path: path?.slice(0, limits.textLength) ?? null,
    links: texts(links, limits),
    kind: file?.kind ?? 'absent',
    architecture: file?.kind === 'elf' ? machineName(file) : null,
    type: file?.kind === 'elf' ? file.type : null,
    interpreter: file?.kind === 'elf' || file?.kind === 'script' ? (file.interpreter ?? null) : null
  }
}

interface Configured extends Omit<Describing, 'budget'> {
  decisive: readonly DecisiveFile[]
}

/** What the configuration says. Its variant may be written as 7, as containerd takes it, too. */
function configuredArchitecture(
  { architecture: name = '', variant: given = '' }: ImageConfig,
  { claimed, decisive, problems }: Configured
): Architecture | undefined {
  if (name === '') return undefined
  const variant = given.replace(/^[5-8]$/, 'v$&')
  const isArm = name.toLowerCase() === 'arm'
  // Docker left the variant out for years: then any claim of a variant may be right
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

function isAllArm64(decisive: readonly DecisiveFile[]): boolean {
  const machines = decisive.flatMap(({ file }) => (file?.kind === 'elf' ? [file.machine] : []))
  return machines.length > 0 && machines.every((machine) => machine === 'arm64')
}

const texts = (list: readonly string[], { items, textLength }: ImageLimits) => list.slice(0, items).map((item) => item.slice(0, textLength))

const pathOf = ({ Env = [] }: ContainerConfig) => Env.findLast((variable) => variable.startsWith('PATH='))?.slice('PATH='.length)

function startOf(config: ContainerConfig, limits: ImageLimits): Start {
  return {
    entrypoint: (config.Entrypoint ?? []).slice(0, limits.items),
    command: (config.Cmd ?? []).slice(0, limits.items),
    shell: config.Shell ?? [],
    path: pathOf(config)?.slice(0, limits.textLength * 4) || defaultPath,
    workingDirectory: config.WorkingDir?.slice(0, limits.pathLength) || '/'
  }
}

function configFacts({ digest, size, member, value }: NonNullable<FoundImage['config']>, limits: ImageLimits): ConfigFacts {
  const config = value.config ?? {}
  const text = (of: string | undefined) => of?.slice(0, limits.textLength) ?? null
  const labels = [...(config.Labels ?? [])].slice(0, limits.items)
  return {
    digest,
    size,
    member,
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

function baseOf({ annotations }: FoundImage, { Labels: labels }: ContainerConfig, { textLength }: ImageLimits): ImageFacts['base'] {
  const of = (name: string) => (labels?.get(name) ?? annotations.get(name))?.slice(0, textLength) ?? null
  const [name, digest] = [of('org.opencontainers.image.base.name'), of('org.opencontainers.image.base.digest')]
  return name === null && digest === null ? null : { name, digest }
}

function layersOf({ config, layers }: FoundImage, limits: ImageLimits): LayerFacts[] {
  const { rootfs, history = [] } = config?.value ?? {}
  const steps = history.filter(({ empty_layer }) => empty_layer !== true)
  return layers.map(({ name, mediaType, member }, i) => ({
    name: name.slice(0, 256),
    mediaType: mediaType.slice(0, 256),
    compression: member?.layer?.compression ?? null,
    digest: member?.digest ?? null,
    size: member?.size ?? null,
    diffId: member?.layer?.diffId ?? null,
    unpackedSize: member?.layer?.unpackedSize ?? null,
    configuredDiffId: rootfs?.diff_ids?.[i]?.slice(0, 256) ?? null,
    createdBy: steps[i]?.created_by?.slice(0, limits.textLength / 4) ?? null,
    member: member?.name ?? null
  }))
}

/** What is wrong with an image's layers: absent, unreadable, or not those that its configuration names. */
function checkLayers({ config, layers }: FoundImage, facts: LayerFacts[]) {
  const problems = layers.flatMap((layer) => checkLayer(layer) ?? layer.member!.layer!.problems)
  if (config === undefined) return problems
  const diffIds = config.value.rootfs?.diff_ids ?? []
  if (diffIds.length !== layers.length) {
    problems.push(fatal('layers_disagree', `the configuration names ${diffIds.length} layers, the manifest ${layers.length}`))
  }
  for (const { name, diffId, configuredDiffId } of facts) {
    if (diffId === null || configuredDiffId === null || diffId === configuredDiffId) continue
    problems.push(fatal('diff_id_mismatch', `the layer ${quoted(name)} unpacks to ${diffId}; the configuration says ${configuredDiffId}`))
  }
  return problems
}

function noteMissing(decisive: readonly DecisiveFile[], problems: ProblemList): void {
  for (const { role, named, file } of decisive) {
    if (file !== undefined) continue
    problems.add({ code: 'entrypoint_missing', message: `the ${role} ${quoted(named)} leads to no file in the image`, fatal: false })
  }
}
