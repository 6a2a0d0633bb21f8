import type { Architecture } from '../domain/architecture.ts'
import type { Budget } from './budget.ts'
import { type Census, takeCensus } from './census.ts'
import { type DecisiveFile, decisiveFiles } from './decisive.ts'
import { type FileSystem, layFileSystem } from './file-system.ts'
import { checkLayer, type FoundImage } from './found-image.ts'
import { baseOf, configFacts, configuredArchitecture, contradictingPlatform, startOf, texts } from './image-config.ts'
import type { FileFacts, ImageFacts, LayerFacts } from './image-report.ts'
import type { ImageLimits } from './limits.ts'
import { machineName } from './machines.ts'
import { otherPlatform } from './platform.ts'
import { fatal, type ProblemList, quoted } from './problems.ts'
import { judge, judgeOther } from './verdict.ts'

/** Compares an image's layers with its configuration, lays them over one another, and returns facts and verdict. `claimed`: by the caller. */
export async function describeImage(
  found: FoundImage,
  { claimed, budget, problems }: { claimed: Architecture | undefined; budget: Budget; problems: ProblemList }
): Promise<ImageFacts> {
  const { limits } = budget
  const value = found.config?.value ?? {}
  const config = value.config ?? {}
  const other = otherPlatform(value)
  const layers = layersOf(found, limits)
  const wrong = [...found.problems, ...checkLayers(found, layers)].map((problem) => ({
    ...problem,
    // archives often omit layers of Windows images, and no machine here runs them
    fatal: problem.fatal && other === undefined
  }))
  for (const problem of wrong) problems.add(problem)
  const fileSystem = await openImage(found, budget)
  const decisive = decisiveFiles(fileSystem, { start: startOf(config, limits), limits })
  const configured =
    other === undefined ? configuredArchitecture(value, { claimed, platform: found.platform, decisive, problems }) : undefined
  const claim = claimed ?? configured
  const census = await takeCensus(fileSystem, { architecture: claim, limits })
  const indexed = other === undefined ? contradictingPlatform(found.platform, configured) : undefined
  const judgement = other === undefined ? judge({ claimed: claim, configured, indexed, decisive, census }) : judgeOther(other, claimed)
  if (claim === undefined && other === undefined) {
    const message = 'neither the configuration nor the request names an architecture'
    problems.add({ code: 'architecture_unclaimed', message, fatal: false })
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
    manifest: found.manifest,
    tags: texts(found.tags, limits),
    base: baseOf(found, config, limits),
    layers,
    decisive: decisive.map((file) => fileFacts(file, limits)),
    census: censusFacts(census)
  }
}

function censusFacts({ files, machines, native, foreign, wrongLibraries, strays }: Census): ImageFacts['census'] {
  return { files, machines, native: native.files, foreign: { files: foreign.files, listed: foreign.listed }, wrongLibraries, strays }
}

/** Lays an image's layers over one another. Done anew each time, since keeping the file systems of all images takes too much memory. */
export function openImage({ layers }: FoundImage, budget: Budget): Promise<FileSystem> {
  const logs = layers.flatMap(({ member }) => member?.layer?.log ?? [])
  return layFileSystem(logs, budget)
}

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
    member: member?.name ?? null,
    offset: member?.offset ?? null
  }))
}

/** Returns what is wrong with an image's layers: absent, unreadable, or not those in its configuration. */
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
