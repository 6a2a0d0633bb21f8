import type { Architecture } from '../domain/architecture.ts'
import type { ElfFile } from './elf.ts'
import type { FileSystem } from './file-system.ts'
import { type Excuse, excuseFor } from './foreign.ts'
import type { ImageLimits } from './limits.ts'
import { isForMachine, machineName } from './machines.ts'
import { createPace } from './pace.ts'

export interface Count {
  files: number
  samples: string[]
}

/** The ELF files of a file system, by what they are for. */
export interface Census {
  files: number
  /** In the order of their number. */
  machines: { architecture: string; files: number; samples: string[] }[]
  /** What the architecture in question makes of them. */
  native: Count
  /** Not for this architecture, and nothing to be surprised of. */
  foreign: Count & { listed: { path: string; architecture: string; why: Excuse }[] }
  /** Shared libraries that programs here would load, and cannot. */
  wrongLibraries: Count
  /** Other files that do not run here: odd, but nothing that decides. */
  strays: Count
}

const count = (): Count => ({ files: 0, samples: [] })

/** Counts the ELF files that are left when all layers lie on one another. Without an architecture, none is native nor foreign. */
export async function takeCensus(
  fileSystem: FileSystem,
  { architecture, limits }: { architecture: Architecture | undefined; limits: ImageLimits }
): Promise<Census> {
  const machines = new Map<string, Count>()
  const census: Census = {
    files: 0,
    machines: [],
    native: count(),
    foreign: { ...count(), listed: [] },
    wrongLibraries: count(),
    strays: count()
  }
  const note = (to: Count, path: string) => {
    if (++to.files <= limits.samples) to.samples.push(path.slice(0, limits.textLength))
  }
  const pace = createPace()
  for (const { path, file } of fileSystem.programs()) {
    if (pace.due()) await pace.rest()
    if (file.kind !== 'elf') continue
    census.files++
    const name = machineName(file)
    const of = machines.get(name) ?? count()
    machines.set(name, of)
    note(of, path)
    if (architecture === undefined) continue
    const why = excuseFor(path, { file, architecture })
    if (why !== undefined) {
      note(census.foreign, path)
      if (census.foreign.listed.length < limits.samples)
        census.foreign.listed.push({ path: path.slice(0, limits.textLength), architecture: name, why })
    } else if (isForMachine(architecture, file)) note(census.native, path)
    else note(isLibrary(path, file) ? census.wrongLibraries : census.strays, path)
  }
  census.machines = [...machines]
    .map(([architecture, of]) => ({ architecture, ...of }))
    .sort((a, b) => b.files - a.files)
    .slice(0, limits.items)
  return census
}

const isLibrary = (path: string, { type }: ElfFile) => type === 'shared' && /\.so(\.[^/]*)?$/.test(path)
