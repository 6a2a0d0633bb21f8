import { type Architecture, parseArchitecture } from '../domain/architecture.ts'
import { own } from '../domain/own.ts'
import type { ElfFile } from './elf.ts'

/** Returns whether an architecture runs a file without an emulator. Newer 32-bit ARM runs older variants, and all run one not stated. */
export const runsOn = (architecture: Architecture, file: ElfFile): boolean =>
  isForMachine(architecture, file) && (file.version ?? 0) <= (armVariant(architecture) ?? Number.POSITIVE_INFINITY)

/** The same without build attributes of 32-bit ARM: libraries have code for old and new processors, and theirs name the newest. */
export function isForMachine(architecture: Architecture, { machine, float }: ElfFile): boolean {
  const base = architecture.split('/')[0]!
  // hard float came with v6
  if (base === machine) return !(float === 'hard' && (armVariant(architecture) ?? 7) < 6)
  return own(alsoRuns, base)?.includes(machine) ?? false
}

// what the kernel runs on every such machine; whether arm64 runs 32-bit ARM depends on the processor, so that is not listed
const alsoRuns: { [machine: string]: readonly string[] } = {
  amd64: ['386', 'x32'],
  s390x: ['s390'],
  ppc64: ['ppc'],
  mips64le: ['mipsle'],
  mips64: ['mips'],
  sparc64: ['sparc']
}

/** The number 7 in arm/v7; undefined when the architecture is not 32-bit ARM. */
export function armVariant(architecture: Architecture): number | undefined {
  const [, version] = /^arm\/v([0-9]+)/.exec(architecture) ?? []
  return version === undefined ? undefined : Number(version)
}

/** Our name for the machine of a file. 'arm' means 32-bit ARM of an unknown variant; Go's programs do not tell theirs. */
export function machineName({ machine, float, version }: ElfFile): string {
  if (machine !== 'arm') return machine
  if (version !== undefined) return `arm/v${Math.max(version, 5)}`
  return float === undefined ? 'arm' : float === 'hard' ? 'arm/v7' : 'arm/v5'
}

/** The architecture of a file; 32-bit ARM of an unknown variant counts as v7, as by convention. */
export const architectureOf = (file: ElfFile): Architecture => parseArchitecture(machineName(file))

/** Parts of file and directory names that stand for one machine: `aarch64-linux-gnu`, `linux_arm64`, `lib32`. */
const tokens: Record<string, RegExp> = named({
  amd64: 'x86[-_]?64|amd64|x64|lib64-x86',
  x32: 'x32|libx32|gnux32',
  '386': 'i[3-6]86|386|x86|ia32|lib32|win32',
  arm64: 'aarch64|arm64|armv8|sbsa',
  'arm64-ilp32': 'aarch64.?ilp32',
  arm64be: 'aarch64.?be',
  arm: 'arm|armhf|armel|armv[5-7][a-z]*|gnueabi(?:hf)?',
  armbe: 'armeb|armbe',
  ppc64le: 'ppc64le|ppc64el|powerpc64le',
  ppc64: 'ppc64|powerpc64',
  ppc: 'ppc|powerpc',
  s390x: 's390x',
  s390: 's390',
  riscv64: 'riscv64[a-z]*',
  riscv32: 'riscv32[a-z]*',
  mips64le: 'mips64(?:le|el)|mips64r6el|mipsisa64r6el',
  mipsle: 'mips(?:le|el)|mipsn32el',
  mips64: 'mips64',
  mips: 'mips',
  loong64: 'loong64|loongarch64',
  sparc: 'sparc',
  sparc64: 'sparc64',
  ia64: 'ia64',
  hppa: 'hppa[0-9.]*',
  m68k: 'm68k',
  sh: 'sh4',
  alpha: 'alpha'
})

function named(patterns: Record<string, string>): Record<string, RegExp> {
  return Object.fromEntries(
    Object.entries(patterns).map(([machine, pattern]) => [machine, new RegExp(`(?:^|[^a-z0-9])(?:${pattern})(?:$|[^a-z0-9])`, 'i')])
  )
}

/** Whether a path names the machine; a file for it then belongs there. */
export const pathNames = (path: string, machine: string): boolean => own(tokens, machine)?.test(path) ?? false
