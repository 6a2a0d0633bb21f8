import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Architecture, parseArchitecture } from '../../domain/architecture.ts'
import { chosenImages } from '../../images/choice.ts'
import type { ImageReport } from '../../images/image-report.ts'
import { inspectImage } from '../../images/inspect-image.ts'
import { choiceInWords, reportOnProven } from '../../images/overall-verdict.ts'
import { exit } from '../terminal/command.ts'
import { createProgress } from '../terminal/progress.ts'

/** A tarball that was read: what it is for, and what it is. */
export interface PushFile {
  path: string
  name: string
  architecture: Architecture
  sha256: string
  size: number
}

/** What is wrong with a file, with the exit status for it. */
export type FileFault = Error & { exit: number }

const fault = (status: number, message: string): FileFault => Object.assign(new Error(message), { exit: status })

export interface ReadPushFile {
  /** The container that it is for. */
  id: string
  arch: string | undefined
  force: boolean
}

/** Reads a tarball as the server will, so that what would be refused is not sent. Throws a FileFault. */
export async function readPushFile(path: string, { id, arch, force }: ReadPushFile): Promise<PushFile> {
  const { size } = await sizeOf(path)
  const claimed = arch === undefined ? undefined : parseArchitecture(arch)
  const name = basename(path)
  const progress = createProgress({ what: `${name}: reading`, total: size, from: 0, stream: process.stderr, now: Date.now })
  const inspection = await inspectImage(counted(path, progress.at), { claimed, container: id }).finally(progress.end)
  const report = reportOnProven(inspection.report, { container: id })
  if (!force) refuse(path, { report, claimed })
  const architecture = claimed ?? proven(path, report)
  const meant = chosenImages(report.images, { architecture, container: id })
  if (meant.length > 1) {
    const several = `${path} holds ${meant.length} images for ${architecture}, and not exactly one of them is tagged ${id}`
    throw fault(exit.unreadable, `${several}: ${choiceInWords(meant)}; save only the one that is meant, or tag it ${id}; nothing was sent`)
  }
  return { path, name, architecture, sha256: report.tarball.sha256!, size: report.tarball.size }
}

async function sizeOf(path: string): Promise<{ size: number }> {
  const found = await stat(path).catch((error) => {
    // "ENOENT: no such file or directory, stat 'x'"
    throw fault(exit.unreadable, error.message)
  })
  if (!found.isFile()) throw fault(exit.unreadable, `${path} is no file`)
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
    throw fault(exit.unreadable, `${path} cannot be read: ${(error as Error).message}`)
  }
}

function refuse(path: string, { report, claimed }: { report: ImageReport; claimed: Architecture | undefined }): void {
  const { verdict, summary } = report
  if (verdict === 'match' || (verdict === 'no-binaries' && claimed !== undefined)) return
  const status = verdict === 'mislabelled' || verdict === 'mixed' ? exit.wrong : exit.unreadable
  throw fault(status, `${path} is ${verdict}: ${summary}; nothing was sent (--force would send it)`)
}

function proven(path: string, { architecture, summary }: ImageReport): Architecture {
  if (architecture !== null) return parseArchitecture(architecture)
  throw fault(exit.unreadable, `${path} does not tell what machine it is for: ${summary}; name it with --arch`)
}
