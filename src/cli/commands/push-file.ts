import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { whyUnreadable } from '../../config/files.ts'
import { type Architecture, parseArchitecture } from '../../domain/architecture.ts'
import type { ImageReport } from '../../images/image-report.ts'
import { inspectImage } from '../../images/inspect-image.ts'
import { exit } from '../terminal/command.ts'
import { createProgress } from '../terminal/progress.ts'

/** A tarball to push, after it was read. */
export interface PushFile {
  path: string
  name: string
  architecture: Architecture
  sha256: string
  size: number
}

/** Why a file cannot be pushed, with the exit status for that. */
export type FileFault = Error & { exit: number }

const fault = (status: number, message: string): FileFault => Object.assign(new Error(message), { exit: status })

/** Inspects a tarball as the server will, so that nothing is sent that the server would refuse. Throws a FileFault. */
export async function readPushFile(path: string, { arch, force }: { arch: string | undefined; force: boolean }): Promise<PushFile> {
  const { size } = await sizeOf(path)
  const claimed = arch === undefined ? undefined : parseArchitecture(arch)
  const name = basename(path)
  const progress = createProgress({ what: `${name}: reading`, total: size, from: 0, stream: process.stderr, now: Date.now })
  const { report } = await inspectImage(counted(path, progress.at), { claimed }).finally(progress.end)
  if (!force) refuse(path, { report, claimed })
  const architecture = claimed ?? proven(path, report)
  return { path, name, architecture, sha256: report.tarball.sha256!, size: report.tarball.size }
}

async function sizeOf(path: string): Promise<{ size: number }> {
  const found = await stat(path).catch((error) => {
    throw fault(exit.unreadable, `${path} ${whyUnreadable(error)}; expected a tarball`)
  })
  if (!found.isFile()) throw fault(exit.unreadable, `${path} is not a file; expected a tarball`)
  return found
}

async function* counted(path: string, at: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      bytes += chunk.length
      at(bytes)
      yield chunk
    }
  } catch (error) {
    throw fault(exit.unreadable, `${path} ${whyUnreadable(error)}`)
  }
}

function refuse(path: string, { report, claimed }: { report: ImageReport; claimed: Architecture | undefined }): void {
  const { verdict, summary } = report
  if (verdict === 'match' || (verdict === 'no-binaries' && claimed !== undefined)) return
  const status = verdict === 'mislabelled' || verdict === 'mixed' ? exit.wrong : exit.unreadable
  throw fault(status, `${path} is ${verdict}: ${summary}; nothing was sent (--force sends it)`)
}

function proven(path: string, { architecture, summary }: ImageReport): Architecture {
  if (architecture !== null) return parseArchitecture(architecture)
  throw fault(exit.unreadable, `${path} does not tell which architecture it is for: ${summary}; name it with --arch`)
}
