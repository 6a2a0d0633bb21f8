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

/** The ELF files of a file system, counted by the machine they are for. */
export interface Census {
  files: number
  /** Most files first. */
  machines: { architecture: string; files: number; samples: string[] }[]
  /** Files that run on the architecture in question. */
  native: Count
  /** Files for other machines that belong where they are, such as firmware. */
  foreign: Count & { listed: { path: string; architecture: string; why: Excuse }[] }
  /** Shared libraries for other machines, which programs of this architecture cannot load. */
  wrongLibraries: Count
  /** Other files for other machines: unusual, but not decisive. */
  strays: Count
}

const count = (): Count => ({ files: 0, samples: [] })

/** Counts the ELF files of the combined layers. Without an architecture, only `files` and `machines` are filled. */
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
