import type { Architecture } from '../domain/architecture.ts'
import { type ElfFile, isDevice } from './elf.ts'
import type { FileSystem } from './file-system.ts'
import type { ImageFacts } from './image-report.ts'
import type { ImageLimits } from './limits.ts'
import { isForMachine, machineName, pathNames } from './machines.ts'
import { createPace } from './pace.ts'

type ForeignFiles = ImageFacts['census']['foreign']['listed']

export interface Count {
  files: number
  samples: string[]
}

/** The ELF files of a file system, counted by the machine they are for; the machine with most files comes first. */
export interface Census extends Omit<ImageFacts['census'], 'native' | 'foreign'> {
  /** Files that run on the architecture in question. */
  native: Count
  /** Files for other machines that belong where they are, such as firmware. */
  foreign: Count & { listed: ForeignFiles }
}

const count = (): Count => ({ files: 0, samples: [] })

/** Counts the ELF files of the combined layers. Without an architecture, only `files` and `machines` are filled. */
export async function takeCensus(
  fileSystem: FileSystem,
  { architecture, limits }: { architecture: Architecture | undefined; limits: ImageLimits }
): Promise<Census> {
  let files = 0
  const machines = new Map<string, Count>()
  const [native, wrongLibraries, strays] = [count(), count(), count()]
  const foreign: Census['foreign'] = { ...count(), listed: [] }
  const note = (to: Count, path: string) => {
    if (++to.files <= limits.samples) to.samples.push(path.slice(0, limits.textLength))
  }
  const pace = createPace()
  for (const { path, file } of fileSystem.programs()) {
    if (pace.due()) await pace.rest()
    if (file.kind !== 'elf') continue
    files++
    const name = machineName(file)
    const of = machines.get(name) ?? count()
    machines.set(name, of)
    note(of, path)
    if (architecture === undefined) continue
    const why = excuseFor(path, file, architecture)
    if (why !== undefined) {
      note(foreign, path)
      if (foreign.listed.length < limits.samples) {
        foreign.listed.push({ path: path.slice(0, limits.textLength), architecture: name, why })
      }
    } else if (isForMachine(architecture, file)) note(native, path)
    else note(isLibrary(path, file) ? wrongLibraries : strays, path)
  }
  const ranked = [...machines].map(([architecture, of]) => ({ architecture, ...of })).sort((a, b) => b.files - a.files)
  return { files, machines: ranked.slice(0, limits.items), native, foreign, wrongLibraries, strays }
}

/**
 * Excuses files for other machines that say nothing about the image: byte code and firmware run elsewhere, emulators and cross-compilers
 * bring another platform's files, and packages ship one file for each platform, named after it. Undefined when nothing excuses the file.
 */
function excuseFor(path: string, file: ElfFile, architecture: Architecture): ForeignFiles[number]['why'] | undefined {
  if (isDevice(file.machine)) return 'device'
  if (isForMachine(architecture, file)) return file.machine === architecture.split('/')[0] ? undefined : 'compatible'
  if (/^\/(usr\/)?lib\/firmware\/|^\/usr\/share\/(qemu|seabios|openbios|slof|ovmf|firmware)[^/]*\//i.test(path)) return 'firmware'
  if (/^\/boot\/|^\/(usr\/)?lib\/modules\/|\.ko$/.test(path)) return 'kernel'
  if (/\/qemu-[a-z0-9_]+(-static|-binfmt)?$|\/qemu-binfmt\//.test(path)) return 'emulator'
  if (pathNames(path, file.machine)) return 'other-platform'
  return /\/(testdata|test-data|testsuite|tests?)\//.test(path) ? 'test-data' : undefined
}

const isLibrary = (path: string, { type }: ElfFile) => type === 'shared' && /\.so(\.[^/]*)?$/.test(path)
