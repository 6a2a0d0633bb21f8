import type { Architecture } from '../domain/architecture.ts'
import type { Census } from './census.ts'
import type { DecisiveFile } from './decisive.ts'
import type { ElfFile } from './elf.ts'
import { architectureOf, runsOn } from './machines.ts'
import { quoted } from './problems.ts'

export type Verdict = 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable'

export interface Judgement {
  verdict: Verdict
  /** The verdict in words, with paths. */
  summary: string
  /** What the bytes are for, where they agree. */
  proven: Architecture | undefined
}

export interface Evidence {
  /** What is claimed, and by whom. */
  claimed: Architecture | undefined
  /** What the image's configuration says, where it says anything. */
  configured: Architecture | undefined
  decisive: readonly DecisiveFile[]
  census: Census
}

type DecisiveElf = DecisiveFile & { path: string; file: ElfFile }

/**
 * What an image is, by its programs. Those that are run whenever the image is decide; without any of them, all do. Libraries of another
 * machine make an image mixed, as some program will not start; files that are foreign by right change nothing.
 */
export function judge(evidence: Evidence): Judgement {
  const { claimed, configured, census } = evidence
  const decisive = evidence.decisive.filter((file): file is DecisiveElf => file.file?.kind === 'elf')
  const proven = provenBy(decisive, evidence)
  const judgement = (verdict: Verdict, summary: string): Judgement => ({ verdict, summary, proven })
  if (claimed !== undefined && configured !== undefined && !sameMachine(claimed, configured)) {
    const found = proven === undefined ? 'no program tells' : `its programs are for ${proven}${proof(decisive, census)}`
    return judgement('mislabelled', `claimed is ${claimed}, but the image's configuration says ${configured}; ${found}`)
  }
  if (census.files === 0) return judgement('no-binaries', 'the image holds no ELF file, so nothing tells what machine it is for')
  if (claimed === undefined) return withoutClaim({ decisive, census, proven })
  if (decisive.length === 0) return byAllFiles(claimed, { census, proven })
  const [right, wrong] = [decisive.filter(({ file }) => runsOn(claimed, file)), decisive.filter(({ file }) => !runsOn(claimed, file))]
  if (right.length === 0) return judgement('mislabelled', `claimed is ${claimed}, but ${described(wrong)}`)
  if (wrong.length > 0) return judgement('mixed', `claimed is ${claimed}, and ${described(right)}, but ${described(wrong)}`)
  if (census.wrongLibraries.files > 0) {
    return judgement(
      'mixed',
      `${described(right)}, but ${census.wrongLibraries.files} libraries are for another machine: ${shown(census.wrongLibraries.samples)}`
    )
  }
  const strays = census.strays.files === 0 ? '' : `; ${census.strays.files} other files are not: ${shown(census.strays.samples)}`
  const older = claimed === 'amd64' && right.some(({ file }) => file.machine === '386')
  return judgement('match', `${described(right)}, ${older ? 'which amd64 machines run' : 'as claimed'}${strays}`)
}

/** An image that runs nothing we can find, as one that only carries files for others. */
function byAllFiles(claimed: Architecture, { census, proven }: { census: Census; proven: Architecture | undefined }): Judgement {
  const wrong = [...census.wrongLibraries.samples, ...census.strays.samples]
  const judgement = (verdict: Verdict, summary: string): Judgement => ({ verdict, summary, proven })
  const none = 'no entry point, command or shell is an ELF file'
  if (census.native.files === 0 && wrong.length === 0) {
    return judgement(
      'no-binaries',
      `${none}, and all ${census.files} ELF files belong to other platforms: ${shown(census.foreign.samples)}`
    )
  }
  if (census.native.files === 0)
    return judgement('mislabelled', `${none}; claimed is ${claimed}, but the files are for ${machinesOf(census)}: ${shown(wrong)}`)
  if (wrong.length > 0)
    return judgement('mixed', `${none}; files for ${claimed} (${shown(census.native.samples)}) stand beside others: ${shown(wrong)}`)
  return judgement(
    'match',
    `${none}; all ${census.native.files} programs and libraries are for ${claimed}, as claimed: ${shown(census.native.samples)}`
  )
}

function withoutClaim({
  decisive,
  census,
  proven
}: {
  decisive: DecisiveElf[]
  census: Census
  proven: Architecture | undefined
}): Judgement {
  if (proven === undefined)
    return { verdict: 'mixed', summary: `nothing claims an architecture, and the files disagree: ${machinesOf(census)}`, proven }
  return { verdict: 'match', summary: `nothing claims an architecture; the programs are for ${proven}${proof(decisive, census)}`, proven }
}

function provenBy(decisive: readonly DecisiveElf[], { claimed, census }: Evidence): Architecture | undefined {
  const found = new Set(decisive.map(({ file }) => (claimed !== undefined && runsOn(claimed, file) ? claimed : architectureOf(file))))
  if (found.size > 1) return undefined
  const [only] = found
  if (only !== undefined) return only
  if (census.machines.length !== 1)
    return census.native.files > 0 && census.strays.files + census.wrongLibraries.files === 0 ? claimed : undefined
  return census.native.files > 0 ? claimed : (census.machines[0]!.architecture as Architecture)
}

const sameMachine = (a: Architecture, b: Architecture) => a === b || (a.split('/')[0] === b.split('/')[0] && !a.startsWith('arm/'))

const described = (files: readonly DecisiveElf[]): string => {
  const one = ({ role, path, file }: DecisiveElf) => `the ${words[role]} ${quoted(path)} is ${architectureOf(file)}`
  const more = files.length > 4 ? `, and ${files.length - 4} more` : ''
  return files.slice(0, 4).map(one).join(', ') + more
}

const words = { entrypoint: 'entry point', command: 'command', shell: 'shell', interpreter: 'interpreter', loader: 'loader' } as const

const proof = (decisive: readonly DecisiveElf[], census: Census) =>
  ` (${decisive.length > 0 ? described(decisive) : shown(census.machines[0]?.samples ?? [])})`

const machinesOf = ({ machines }: Census) =>
  machines
    .slice(0, 5)
    .map(({ architecture, files }) => `${architecture} (${files})`)
    .join(', ')

const shown = (paths: readonly string[]) => paths.slice(0, 3).map(quoted).join(', ') + (paths.length > 3 ? ' …' : '')
