const machines = {
  amd64: { machine: 62, bits: 64, flags: 0, big: false },
  arm64: { machine: 183, bits: 64, flags: 0, big: false },
  'arm/v7': { machine: 40, bits: 32, flags: 0x05000400, big: false },
  'arm/v5': { machine: 40, bits: 32, flags: 0x05000200, big: false },
  /** As Go builds it for 32-bit ARM: no flag tells the variant. */
  arm: { machine: 40, bits: 32, flags: 0x05000002, big: false },
  '386': { machine: 3, bits: 32, flags: 0, big: false },
  ppc64le: { machine: 21, bits: 64, flags: 2, big: false },
  ppc64: { machine: 21, bits: 64, flags: 1, big: true },
  s390x: { machine: 22, bits: 64, flags: 0, big: true },
  riscv64: { machine: 243, bits: 64, flags: 5, big: false },
  mips64le: { machine: 8, bits: 64, flags: 0x80000007, big: false },
  loong64: { machine: 258, bits: 64, flags: 0x43, big: false },
  bpf: { machine: 247, bits: 64, flags: 0, big: false }
} as const

export type Machine = keyof typeof machines

export const machineNames = Object.keys(machines) as Machine[]

interface ElfOptions {
  type?: 'executable' | 'shared'
  /** The loader in its PT_INTERP segment. */
  loader?: string
  size?: number
  /** 32-bit ARM: build attributes at the end of the file, as compilers of C leave them. */
  attributes?: Buffer
}

/** The values of Tag_CPU_arch. */
export const cpuArchitectures = { v5TE: 4, v6: 6, v6KZ: 7, v7: 10, v8: 14 } as const

/** A section of build attributes with the usual tags: a name, the architecture, and whether floating-point numbers go in registers. */
export function armAttributes({ cpu, hard = false }: { cpu: keyof typeof cpuArchitectures; hard?: boolean }): Buffer {
  const tags = Buffer.from([...Buffer.from('\x05name\0', 'latin1'), 6, cpuArchitectures[cpu], 8, 1, 65, 0, 28, hard ? 1 : 0])
  const length = (bytes: number) => {
    const field = Buffer.alloc(4)
    field.writeUInt32LE(bytes)
    return field
  }
  const file = Buffer.concat([Buffer.from([1]), length(tags.length + 5), tags])
  const vendor = Buffer.from('aeabi\0')
  return Buffer.concat([Buffer.from('A'), length(4 + vendor.length + file.length), vendor, file])
}

/** The file with a section behind it, and the table that says where it is. */
function withAttributes(file: Buffer, attributes: Buffer): Buffer {
  const table = Buffer.alloc(2 * 40)
  table.writeUInt32LE(0x70000003, 40 + 4)
  table.writeUInt32LE(file.length, 40 + 16)
  table.writeUInt32LE(attributes.length, 40 + 20)
  const bytes = Buffer.concat([file, attributes, table])
  bytes.writeUInt32LE(file.length + attributes.length, 32)
  bytes.writeUInt16LE(40, 46)
  bytes.writeUInt16LE(2, 48)
  return bytes
}

/** The smallest ELF file that says what it is for. It cannot be run, which nobody does. */
export function elf(name: Machine, { attributes, ...options }: ElfOptions = {}): Buffer {
  const file = plainElf(name, options)
  return attributes === undefined ? file : withAttributes(file, attributes)
}

function plainElf(name: Machine, { type = 'executable', loader, size = 0 }: Omit<ElfOptions, 'attributes'>): Buffer {
  const { machine, bits, flags, big } = machines[name]
  const wide = bits === 64
  const header = Buffer.alloc(wide ? 64 : 52)
  const u16 = (at: number, value: number) => (big ? header.writeUInt16BE(value, at) : header.writeUInt16LE(value, at))
  const u32 = (at: number, value: number) => (big ? header.writeUInt32BE(value, at) : header.writeUInt32LE(value, at))
  const word = (at: number, value: number) => u32(at + (wide && big ? 4 : 0), value)
  header.write('\x7fELF', 'latin1')
  header[4] = wide ? 2 : 1
  header[5] = big ? 2 : 1
  header[6] = 1
  u16(16, type === 'executable' ? 2 : 3)
  u16(18, machine)
  u32(wide ? 48 : 36, flags)
  u16(wide ? 52 : 40, header.length)
  u16(wide ? 54 : 42, wide ? 56 : 32)
  if (loader === undefined) return Buffer.concat([header, Buffer.alloc(size)])
  word(wide ? 32 : 28, header.length)
  u16(wide ? 56 : 44, 1)
  return Buffer.concat([header, interpSegment({ wide, big, loader, at: header.length }), Buffer.alloc(size)])
}

function interpSegment({ wide, big, loader, at }: { wide: boolean; big: boolean; loader: string; at: number }): Buffer {
  const segment = Buffer.alloc(wide ? 56 : 32)
  const text = Buffer.from(`${loader}\0`)
  const u32 = (offset: number, value: number) => (big ? segment.writeUInt32BE(value, offset) : segment.writeUInt32LE(value, offset))
  const word = (offset: number, value: number) => u32(offset + (wide && big ? 4 : 0), value)
  u32(0, 3)
  word(wide ? 8 : 4, at + segment.length)
  word(wide ? 32 : 16, text.length)
  return Buffer.concat([segment, text])
}
