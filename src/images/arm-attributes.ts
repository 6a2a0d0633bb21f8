import type { ElfFile } from './elf.ts'

/*
 * Finds the build attributes of a 32-bit ARM file ("Addenda to, and Errata in, the ABI for the Arm Architecture"), which tell the processor
 * it was compiled for. They are in a section near the end, and the section table that locates it usually comes later still. So everything
 * that looks like the section is kept while the file is read, and the table decides.
 */

type BuildAttributes = Pick<ElfFile, 'version' | 'float'>

export type AttributesWatch = ReturnType<typeof watchAttributes>

/** The number of bytes kept of a section; real ones have about 60. */
const sectionLength = 512
const mostCandidates = 16
const mostSections = 512
const marker = Buffer.from('aeabi\0')
/** The marker's offset in the section, after the format byte 'A' and a length. */
const markerAt = 5

const attributesSection = 0x70000003

/** `head` holds the first bytes of the file, at least its header. They must be passed to `data` too. */
export function watchAttributes(head: Buffer) {
  const table = sectionTable(head)
  const candidates = new Map<number, Buffer>()
  let held: Buffer = Buffer.alloc(0)
  let heldAt = 0

  function look(upTo: number): void {
    for (let at = held.indexOf(marker); at !== -1 && at < upTo; at = held.indexOf(marker, at + 1)) {
      const start = at - markerAt
      if (start < 0 || held[start] !== 0x41) continue
      candidates.set(heldAt + start, Buffer.from(held.subarray(start, start + sectionLength)))
      const [oldest] = candidates.keys()
      if (candidates.size > mostCandidates) candidates.delete(oldest!)
    }
  }

  return {
    data(chunk: Buffer): void {
      table?.take(chunk, heldAt + held.length)
      held = Buffer.concat([held, chunk])
      // the end is searched again together with the next chunk
      const settled = held.length - sectionLength
      if (settled <= markerAt) return
      look(settled)
      heldAt += settled - markerAt
      held = held.subarray(settled - markerAt)
    },
    hole(length: number): void {
      look(held.length)
      heldAt += held.length + length
      held = Buffer.alloc(0)
    },
    /** Returns what was found. Call it at the end of the file. */
    found(): BuildAttributes {
      look(held.length)
      const section = candidates.get(table?.attributesAt() ?? -1)
      return section === undefined ? {} : attributesIn(section)
    }
  }
}

function sectionTable(head: Buffer) {
  const [start, entry, count] = [head.readUInt32LE(32), head.readUInt16LE(46), head.readUInt16LE(48)]
  if (entry < 40 || count === 0 || count > mostSections) return undefined
  const table = Buffer.alloc(entry * count)
  return {
    /** Copies what belongs to the table out of bytes at `offset` of the file. */
    take(chunk: Buffer, offset: number): void {
      const from = Math.max(start, offset)
      const to = Math.min(start + table.length, offset + chunk.length)
      if (from < to) chunk.copy(table, from - start, from - offset, to - offset)
    },
    /** Returns where the attributes begin. Call it when the whole table has been read. */
    attributesAt(): number | undefined {
      for (let at = 0; at < table.length; at += entry) {
        if (table.readUInt32LE(at + 4) === attributesSection) return table.readUInt32LE(at + 16)
      }
      return undefined
    }
  }
}

const fileScope = 1
const cpuArchitecture = 6
const floatArguments = 28
const textTags = new Set([4, 5, 67])
const compatibility = 32

/** Parses the attributes of the whole file in a section, as far as they are well-formed. */
function attributesIn(section: Buffer): BuildAttributes {
  const scope = markerAt + marker.length
  const found: BuildAttributes = {}
  if (section[scope] !== fileScope || section.length < scope + 5) return found
  const end = Math.min(section.length, scope + section.readUInt32LE(scope + 1))
  let at = scope + 5
  const number = (): number => {
    let value = 0
    for (let shift = 0; at < end; shift += 7) {
      const byte = section[at++]!
      if (shift < 28) value |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return value
  }
  const skipText = () => {
    const nul = section.indexOf(0, at)
    at = nul === -1 ? end : nul + 1
  }
  while (at < end) {
    const tag = number()
    if (textTags.has(tag) || (tag > compatibility && tag % 2 === 1)) skipText()
    else {
      const value = number()
      if (tag === compatibility) skipText()
      if (tag === cpuArchitecture && versions[value] !== undefined) found.version = versions[value]
      if (tag === floatArguments && value <= 1) found.float = value === 1 ? 'hard' : 'soft'
    }
  }
  return found
}

/** Architecture versions by the value of Tag_CPU_arch. v6T2 (8) counts as v7, because most v6 processors lack its Thumb-2. */
const versions: Readonly<Record<number, number>> = {
  ...{ 0: 4, 1: 4, 2: 4, 3: 5, 4: 5, 5: 5, 6: 6, 7: 6, 8: 7, 9: 6, 10: 7, 11: 6, 12: 6, 13: 7 },
  ...{ 14: 8, 15: 8, 16: 8, 17: 8, 18: 8, 19: 8, 20: 8, 21: 8, 22: 9 }
}
