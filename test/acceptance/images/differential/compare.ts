import { parseArchitecture } from '../../../../src/domain/architecture.ts'
import { chosenImages } from '../../../../src/images/choice.ts'
import type { FileFacts, ImageFacts, ImageReport } from '../../../../src/images/image-report.ts'
import { elf, type Machine, machineNames } from '../../../support/elf.ts'
import type { Case } from './case.ts'
import type { Loaded } from './loader.ts'
import type { Started } from './root-file-system.ts'

/** What kind of disagreement between a loader and our report; the words of the data file. */
export type Difference =
  | 'only we refuse it'
  | 'only we take it'
  | 'image'
  | 'os'
  | 'architecture'
  | 'variant'
  | 'layers'
  | 'path'
  | 'program'
  | 'false match'
  | 'false alarm'

/** What our report and a loader that took the archive say differently; what we did not read we say nothing of. */
export function differences(report: ImageReport, { question, loaded }: { question: Case; loaded: Loaded }): Difference[] {
  if (report.verdict === 'unreadable') return []
  // each of those that may be meant must be the one that the loader takes
  const images = chosenImages(report.images, { architecture: parseArchitecture(question.machine), container: question.tag })
  const found = new Set(images.flatMap((image) => imageDifferences(image, loaded)))
  if (images.length === 0 && isForLinux(loaded)) found.add('image')
  const machine = machineOf(loaded.started?.head)
  const base = question.machine.split('/')[0]!
  const runs = machine === base || (machine === '386' && base === 'amd64')
  if (report.verdict === 'match' && ((machine !== undefined && !runs) || !isForLinux(loaded))) found.add('false match')
  if (report.verdict !== 'match' && machine === base && isAllFor(question.machine, loaded)) found.add('false alarm')
  return [...found]
}

function imageDifferences({ config, layers, decisive }: ImageFacts, loaded: Loaded): Difference[] {
  const found: Difference[] = []
  if ((config?.os ?? '') !== loaded.os) found.push('os')
  if ((config?.architecture ?? '') !== loaded.architecture) found.push('architecture')
  if (loaded.variant !== undefined && (config?.variant ?? '') !== loaded.variant) found.push('variant')
  if (loaded.diffIds !== undefined && String(layers.map(({ diffId }) => diffId)) !== String(loaded.diffIds)) found.push('layers')
  const ours = decisive.find(({ role }) => role === 'entrypoint' || role === 'command')
  // no machine starts a directory, wherever it stands
  if ((ours?.kind === 'directory' ? undefined : (ours?.path ?? undefined)) !== loaded.started?.path) found.push('path')
  if (!isSame(ours, loaded.started)) found.push('program')
  return found
}

/** Whether the first bytes are what we say that the program is. */
function isSame(ours: FileFacts | undefined, started: Started | undefined): boolean {
  const head = started?.head
  const machine = machineOf(head)
  if (machine !== undefined) return ours?.kind === 'elf' && ours.architecture?.split('/')[0] === machine
  if (head?.toString('latin1', 0, 2) === '#!') return ours?.kind === 'script'
  if (head?.toString('latin1', 0, 2) === 'MZ') return ours?.kind === 'windows-executable'
  return head === undefined ? ours === undefined || ['absent', 'directory'].includes(ours.kind) : ours?.kind === 'data'
}

/** Names of operating systems are compared as Docker does. */
const isForLinux = ({ os }: Loaded) => ['linux', ''].includes(os.toLowerCase())

/** Whether an image says that it is for a machine, and all its programs are. */
function isAllFor(machine: string, { os, architecture, variant = '', heads }: Loaded): boolean {
  const [base, level = ''] = machine.split('/')
  if (os !== 'linux' || architecture !== base || level !== variant) return false
  return heads.every((head) => [base, undefined].includes(machineOf(head)))
}

/** What machine an ELF file's first bytes are for, without a variant; undefined for what is no ELF file. */
export function machineOf(head: Buffer | undefined): string | undefined {
  if (head === undefined || head.length < 20 || head.readUInt32BE(0) !== 0x7f454c46) return undefined
  const same = (name: Machine) => {
    const one = elf(name)
    return one.compare(head, 4, 6, 4, 6) === 0 && one.compare(head, 18, 20, 18, 20) === 0
  }
  return machineNames.find(same)?.split('/')[0] ?? 'unknown'
}
