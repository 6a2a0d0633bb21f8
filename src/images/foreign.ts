import type { Architecture } from '../domain/architecture.ts'
import { type ElfFile, isDevice } from './elf.ts'
import { isForMachine, pathNames } from './machines.ts'

/** Why a file that the architecture cannot run may still belong in the image. */
export type Excuse = 'device' | 'firmware' | 'kernel' | 'emulator' | 'other-platform' | 'test-data' | 'compatible'

/**
 * Excuses files for other machines that say nothing about the image: byte code and firmware run elsewhere, emulators and cross-compilers
 * bring another platform's files, and packages ship one file for each platform, named after it. Undefined when nothing excuses the file.
 */
export function excuseFor(path: string, { file, architecture }: { file: ElfFile; architecture: Architecture }): Excuse | undefined {
  if (isDevice(file.machine)) return 'device'
  if (isForMachine(architecture, file)) return file.machine === architecture.split('/')[0] ? undefined : 'compatible'
  if (/^\/(usr\/)?lib\/firmware\/|^\/usr\/share\/(qemu|seabios|openbios|slof|ovmf|firmware)[^/]*\//i.test(path)) return 'firmware'
  if (/^\/boot\/|^\/(usr\/)?lib\/modules\/|\.ko$/.test(path)) return 'kernel'
  if (/\/qemu-[a-z0-9_]+(-static|-binfmt)?$|\/qemu-binfmt\//.test(path)) return 'emulator'
  if (pathNames(path, file.machine)) return 'other-platform'
  return /\/(testdata|test-data|testsuite|tests?)\//.test(path) ? 'test-data' : undefined
}
