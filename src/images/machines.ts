import { type Architecture, parseArchitecture } from '../domain/architecture.ts'
import type { ElfFile } from './elf.ts'

/** Whether a machine of this architecture runs the file by itself. Variants of 32-bit ARM cannot be told by a header, but its floating point can. */
export function runsOn(architecture: Architecture, { machine, float }: ElfFile): boolean {
  const base = architecture.split('/')[0]!
  if (base === machine) return !(architecture === 'arm/v5' && float === 'hard')
  return alsoRuns[base]?.includes(machine) ?? false
}

// by the kernel itself, on all machines of the kind; 32-bit ARM on arm64 is up to the processor, so it is not here
const alsoRuns: Record<string, readonly string[]> = {
  amd64: ['386', 'x32'],
  s390x: ['s390'],
  ppc64: ['ppc'],
  mips64le: ['mipsle'],
  mips64: ['mips'],
  sparc64: ['sparc']
}

/** The architecture that a file is for, in our names. */
export function architectureOf({ machine, float }: ElfFile): Architecture {
  if (machine === 'arm') return parseArchitecture(float === 'hard' ? 'arm/v7' : 'arm/v5')
  return parseArchitecture(machine)
}

/** What stands in names of files and directories that are for one machine: `aarch64-linux-gnu`, `linux_arm64`, `lib32`. */
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

/** Whether a path names the machine: then a file for it stands where it belongs. */
export const pathNames = (path: string, machine: string): boolean => tokens[machine]?.test(path) ?? false
