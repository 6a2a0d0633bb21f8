import { type Architecture, parseArchitecture } from '../domain/architecture.ts'
import type { ProvenVerdict } from '../domain/image/facts.ts'
import type { Census } from './census.ts'
import type { DecisiveFile } from './decisive.ts'
import type { ElfFile } from './elf.ts'
import { architectureOf, armVariant, machineName, runsOn } from './machines.ts'
import { quoted } from './problems.ts'

export interface Judgement {
  verdict: ProvenVerdict
  /** The verdict in words, with paths. */
  summary: string
  /** The architecture that the programs are for, where they agree. */
  proven: Architecture | undefined
}

export interface Evidence {
  /** The claim, by the caller or else by the configuration. */
  claimed: Architecture | undefined
  /** The architecture in the image's configuration, if any. */
  configured: Architecture | undefined
  /** The platform in the index, if it contradicts the configuration. */
  indexed?: string | undefined
  decisive: readonly DecisiveFile[]
  census: Census
}

type DecisiveElf = DecisiveFile & { path: string; file: ElfFile }

/**
 * Judges an image by its programs. Those that run whenever the image does decide; without any of them, all do. A library for another
 * machine makes an image mixed, because some program will fail to load it; excused files change nothing.
 */
export function judge(evidence: Evidence): Judgement {
  const { claimed, configured, census } = evidence
  const decisive = evidence.decisive.filter((file): file is DecisiveElf => file.file?.kind === 'elf')
  const proven = provenBy(decisive, evidence)
  const judgement = (verdict: ProvenVerdict, summary: string): Judgement => ({ verdict, summary, proven })
  if (claimed !== undefined && configured !== undefined && !agree(claimed, configured)) {
    const found = seenIn(decisive, census)
    return judgement('mislabelled', `claimed to be ${claimed}, but the image's configuration says ${configured}; ${found}`)
  }
  if (evidence.indexed !== undefined) {
    const says = `the index says ${evidence.indexed}, but the image's configuration says ${configured ?? 'linux'}`
    return judgement('mislabelled', `${says}; ${seenIn(decisive, census)}`)
  }
  const foreign = foreignStart(evidence.decisive)
  if (foreign !== undefined) return byForeignStart(foreign, claimed, decisive)
  if (census.files === 0) return judgement('no-binaries', 'the image holds no ELF file, so nothing shows which machine it is for')
  if (claimed === undefined) return withoutClaim(decisive, census, proven)
  if (decisive.length === 0) return byAllFiles(claimed, census, proven)
  const [right, wrong] = [decisive.filter(({ file }) => runsOn(claimed, file)), decisive.filter(({ file }) => !runsOn(claimed, file))]
  if (right.length === 0) return judgement('mislabelled', `claimed to be ${claimed}, but ${described(wrong)}`)
  if (wrong.length > 0) return judgement('mixed', `claimed to be ${claimed}, and ${described(right)}, but ${described(wrong)}`)
  if (census.wrongLibraries.files > 0) {
    const { files, samples } = census.wrongLibraries
    return judgement('mixed', `${described(right)}, but ${files} libraries are for another machine: ${shown(samples)}`)
  }
  const strays = census.strays.files === 0 ? '' : `; ${census.strays.files} other files are not: ${shown(census.strays.samples)}`
  return judgement('match', `${described(right)}${howItRuns(right, claimed, evidence)}${strays}`)
}

/** Judges an image whose configuration says that it is for another system than Linux. */
export function judgeOther(platform: string, asked: Architecture | undefined): Judgement {
  const proven = undefined
  if (asked === undefined) return { verdict: 'no-binaries', summary: `the image is for ${platform}, which no Linux machine runs`, proven }
  const summary = `claimed to be ${asked}, but the image's configuration says ${platform}, which no Linux machine runs`
  return { verdict: 'mislabelled', summary, proven }
}

/** Whether machines of the claimed architecture run images for the configured one; 32-bit ARM runs its older variants. */
function agree(claimed: Architecture, configured: Architecture): boolean {
  const [most, needed] = [armVariant(claimed), armVariant(configured)]
  if (most !== undefined && needed !== undefined) return needed <= most
  return claimed.split('/')[0] === configured.split('/')[0]
}

function howItRuns(files: readonly DecisiveElf[], claimed: Architecture, { configured }: Evidence): string {
  if (claimed === 'amd64' && files.some(({ file }) => file.machine === '386')) return ', which amd64 machines run'
  if (armVariant(claimed) === undefined) return ', as claimed'
  if (configured !== undefined && configured !== claimed) return `; the configuration says ${configured}, which ${claimed} machines run`
  if (files.every(({ file }) => machineName(file) === claimed)) return ', as claimed'
  return `, which ${claimed} machines run`
}

/** The file that the image starts, when it is an executable for another system. */
const foreignStart = ([first]: readonly DecisiveFile[]): DecisiveFile | undefined =>
  first?.file?.kind !== undefined && first.file.kind in foreignKinds ? first : undefined

const foreignKinds = {
  'windows-executable': 'a Windows executable',
  'macos-executable': 'a macOS executable',
  'wasm-module': 'a WebAssembly module'
}

function byForeignStart(started: DecisiveFile, claimed: Architecture | undefined, decisive: readonly DecisiveElf[]): Judgement {
  const { role, path, file } = started
  const kind = foreignKinds[file!.kind as keyof typeof foreignKinds]
  const start = `the ${words[role]} ${quoted(path ?? '')} is ${kind}, which Linux does not run`
  if (decisive.length > 0) return { verdict: 'mixed', summary: `${described(decisive)}, but ${start}`, proven: undefined }
  const claim = claimed === undefined ? '' : `claimed to be ${claimed}, but `
  return { verdict: 'mislabelled', summary: `${claim}${start}`, proven: undefined }
}

/** Judges an image without decisive programs, such as one that only carries files. */
function byAllFiles(claimed: Architecture, census: Census, proven: Architecture | undefined): Judgement {
  const { files, native, foreign, wrongLibraries, strays } = census
  const wrong = [...wrongLibraries.samples, ...strays.samples]
  const none = 'no entry point, command or shell is an ELF file'
  const judgement = (verdict: ProvenVerdict, found: string): Judgement => ({ verdict, summary: none + found, proven })
  if (native.files === 0 && wrong.length === 0)
    return judgement('no-binaries', `, and all ${files} ELF files belong to other platforms: ${shown(foreign.samples)}`)
  if (native.files === 0)
    return judgement('mislabelled', `; claimed to be ${claimed}, but the files are for ${machinesOf(census)}: ${shown(wrong)}`)
  if (wrong.length > 0) return judgement('mixed', `; files for ${claimed} (${shown(native.samples)}) stand beside others: ${shown(wrong)}`)
  return judgement('match', `; all ${native.files} programs and libraries are for ${claimed}, as claimed: ${shown(native.samples)}`)
}

function withoutClaim(decisive: readonly DecisiveElf[], census: Census, proven: Architecture | undefined): Judgement {
  if (proven === undefined)
    return { verdict: 'mixed', summary: `nothing claims an architecture, and the files disagree: ${machinesOf(census)}`, proven }
  return { verdict: 'match', summary: `nothing claims an architecture; ${seenIn(decisive, census)}`, proven }
}

/**
 * The architecture that the programs are for, where they agree. The claim holds unless they contradict it. Where the configuration
 * contradicts the claim, its word counts instead, because it may name a variant that no header shows.
 */
function provenBy(decisive: readonly DecisiveElf[], { claimed, configured, census }: Evidence): Architecture | undefined {
  const said = claimed === undefined || (configured !== undefined && !agree(claimed, configured)) ? configured : claimed
  const found = decisive.map(({ file }) => (said !== undefined && runsOn(said, file) ? said : architectureOf(file)))
  if (found.length > 0) return commonTo(found)
  const [only, ...others] = census.machines
  if (only !== undefined && others.length === 0) {
    if (only.architecture === 'arm' && said !== undefined && armVariant(said) !== undefined) return said
    return census.native.files > 0 ? claimed : parseArchitecture(only.architecture)
  }
  return census.native.files > 0 && census.strays.files + census.wrongLibraries.files === 0 ? claimed : undefined
}

/** The architecture that runs all of them: the newest of several 32-bit ARM variants, else the only one. */
function commonTo(architectures: readonly Architecture[]): Architecture | undefined {
  const different = [...new Set(architectures)]
  if (different.length > 1 && different.some((one) => armVariant(one) === undefined)) return undefined
  return different.sort((a, b) => (armVariant(b) ?? 0) - (armVariant(a) ?? 0))[0]
}

/** What the programs themselves show, in words. */
function seenIn(decisive: readonly DecisiveElf[], census: Census): string {
  const machines = decisive.length > 0 ? decisive.map(({ file }) => machineName(file)) : census.machines.map((of) => of.architecture)
  const names = [...new Set(machines)]
  if (names.length === 0) return 'no program shows which is right'
  const files = decisive.length > 0 ? described(decisive) : shown(census.machines[0]?.samples ?? [])
  return `its programs are for ${names.slice(0, 5).map(inWords).join(' and ')} (${files})`
}

const inWords = (machine: string): string => (machine === 'arm' ? '32-bit ARM of an unknown variant' : machine)

const described = (files: readonly DecisiveElf[]): string => {
  const one = ({ role, path, file }: DecisiveElf) =>
    `the ${words[role]} ${quoted(path)} is ${machineName(file) === 'arm' ? '32-bit ARM' : machineName(file)}`
  const more = files.length > 4 ? `, and ${files.length - 4} more` : ''
  return files.slice(0, 4).map(one).join(', ') + more
}

const words = { entrypoint: 'entry point', command: 'command', shell: 'shell', interpreter: 'interpreter', loader: 'loader' } as const

const machinesOf = ({ machines }: Census) =>
  machines
    .slice(0, 5)
    .map(({ architecture, files }) => `${architecture} (${files})`)
    .join(', ')

const shown = (paths: readonly string[]) => paths.slice(0, 3).map(quoted).join(', ') + (paths.length > 3 ? ' …' : '')
