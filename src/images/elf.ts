/** What the first bytes of a file say about the machines that can run it. */
export type FileKind = ElfFile | ScriptFile | ForeignExecutable

export interface ElfFile {
  kind: 'elf'
  /** False when nobody may execute it, as of most libraries. */
  executable?: false
  /** Our name for it (amd64, arm64, arm, 386 …), or `elf-<e_machine>` where we have none. */
  machine: string
  type: 'executable' | 'shared' | 'object' | 'core' | 'other'
  /** 32-bit ARM only: how it passes floating-point numbers, where its flags or build attributes say it. Go's programs say nothing. */
  float?: 'hard' | 'soft'
  /** 32-bit ARM only: the architecture version that it was compiled for, 4 to 9, where it has build attributes. */
  version?: number
  /** The loader it asks for, from its PT_INTERP segment. */
  interpreter?: string
}

export interface ScriptFile {
  kind: 'script'
  executable?: false
  /** The words after `#!`. */
  interpreter: string
}

/** An executable of another system, which Linux does not run by itself. */
export interface ForeignExecutable {
  kind: 'windows-executable' | 'macos-executable' | 'wasm-module'
  executable?: false
}

/** The number of bytes examined at the start of a file: they hold the program headers and the loader's name. */
export const headLength = 4096

/** Whether a file that begins with these bytes (at least four) needs a closer look. */
export function mayTell(head: Buffer): boolean {
  const first = head.readUInt32BE(0)
  return first === elfMagic || first >>> 16 === 0x2321 || first >>> 16 === 0x4d5a || first === wasmMagic || machO.has(first)
}

export function identify(head: Buffer): FileKind | undefined {
  if (head.length < 4) return undefined
  const first = head.readUInt32BE(0)
  if (first === elfMagic) return parseElf(head)
  if (first >>> 16 === 0x2321) return parseScript(head)
  if (first >>> 16 === 0x4d5a && head.length >= 64) return { kind: 'windows-executable' }
  if (first === wasmMagic) return { kind: 'wasm-module' }
  return machO.has(first) ? { kind: 'macos-executable' } : undefined
}

const elfMagic = 0x7f454c46
const wasmMagic = 0x0061736d
const machO = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe])

function parseScript(head: Buffer): ScriptFile | undefined {
  const newline = head.indexOf(0x0a)
  const line = head.toString('utf8', 2, Math.min(newline === -1 ? head.length : newline, 256)).trim()
  return line === '' || line.includes('\0') ? undefined : { kind: 'script', interpreter: line }
}

const types: Record<number, ElfFile['type']> = { 1: 'object', 2: 'executable', 3: 'shared', 4: 'core' }

function parseElf(head: Buffer): ElfFile | undefined {
  if (head.length < 52) return undefined
  const bits = head[4] === 2 ? 64 : 32
  const little = head[5] !== 2
  const u16 = (at: number) => (little ? head.readUInt16LE(at) : head.readUInt16BE(at))
  const u32 = (at: number) => (little ? head.readUInt32LE(at) : head.readUInt32BE(at))
  const flagsAt = bits === 64 ? 48 : 36
  if (head.length < flagsAt + 16) return undefined
  const machine = machineOf(u16(18), { bits, little, flags: u32(flagsAt) })
  const interpreter = loaderOf(head, u16, u32)
  return {
    kind: 'elf',
    machine,
    type: types[u16(16)] ?? 'other',
    ...(machine === 'arm' && floatOf(u32(flagsAt))),
    ...(interpreter !== undefined && { interpreter })
  }
}

function floatOf(flags: number): Pick<ElfFile, 'float'> {
  if ((flags & 0x400) !== 0) return { float: 'hard' }
  return (flags & 0x200) === 0 ? {} : { float: 'soft' }
}

function machineOf(machine: number, { bits, little, flags }: { bits: 32 | 64; little: boolean; flags: number }): string {
  // n32 code of MIPS comes in 32-bit files but needs a 64-bit machine
  const wide = bits === 64 || (machine === 8 && (flags & 0x20) !== 0)
  const names = variousMachines[machine]
  return names?.[(little ? 0 : 2) + (wide ? 0 : 1)] ?? plainMachines[machine] ?? devices[machine] ?? `elf-${machine}`
}

/** Machines that the word size or the byte order makes different: little-endian 64 and 32 bits, then big-endian. */
const variousMachines: Readonly<Record<number, readonly string[]>> = {
  8: ['mips64le', 'mipsle', 'mips64', 'mips'],
  20: ['ppcle', 'ppcle', 'ppc', 'ppc'],
  21: ['ppc64le', 'ppc64le', 'ppc64', 'ppc64'],
  22: ['s390x', 's390', 's390x', 's390'],
  40: ['arm', 'arm', 'armbe', 'armbe'],
  62: ['amd64', 'x32', 'amd64', 'x32'],
  183: ['arm64', 'arm64-ilp32', 'arm64be', 'arm64-ilp32'],
  243: ['riscv64', 'riscv32', 'riscv64', 'riscv32'],
  258: ['loong64', 'loong32', 'loong64', 'loong32']
}

/** Machines of which neither the word size nor the byte order makes another one. */
const plainMachines: Readonly<Record<number, string>> = {
  ...{ 2: 'sparc', 3: '386', 4: 'm68k', 6: '386', 15: 'hppa', 18: 'sparc', 42: 'sh', 43: 'sparc64', 50: 'ia64', 36902: 'alpha' }
}

/** Machines that no image runs on: kernel byte code, graphics cards, microcontrollers. */
const devices: Readonly<Record<number, string>> = {
  ...{ 83: 'avr', 94: 'xtensa', 105: 'msp430', 190: 'cuda', 195: 'arc', 224: 'amdgpu', 247: 'bpf', 252: 'csky' }
}
const deviceNames = new Set(Object.values(devices))

export const isDevice = (machine: string) => deviceNames.has(machine)

type ReadNumber = (at: number) => number

/** The loader in the PT_INTERP segment; undefined when it lies beyond the given bytes. */
function loaderOf(head: Buffer, u16: ReadNumber, u32: ReadNumber): string | undefined {
  const wide = head[4] === 2
  // the low half of a 64-bit number is enough, as anything beyond 4 KiB is out of reach; on big endian it comes second
  const word = (at: number) => (wide ? (u32(at) === 0 ? u32(at + 4) : u32(at)) : u32(at))
  const tableAt = word(wide ? 32 : 28)
  const entrySize = u16(wide ? 54 : 42)
  const count = Math.min(u16(wide ? 56 : 44), 64)
  if (entrySize < (wide ? 56 : 32)) return undefined
  for (let at = tableAt; at < tableAt + count * entrySize && at + entrySize <= head.length; at += entrySize) {
    if (u32(at) !== 3) continue
    const offset = word(at + (wide ? 8 : 4))
    const size = word(at + (wide ? 32 : 16))
    if (offset + size > head.length || size > 256) return undefined
    return head.toString('utf8', offset, offset + size).replace(/\0.*$/s, '')
  }
  return undefined
}
