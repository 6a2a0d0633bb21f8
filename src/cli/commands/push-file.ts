import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { whyUnreadable } from '../../config/files.ts'
import { type Architecture, parseArchitecture } from '../../domain/architecture.ts'
import { chosenImages } from '../../images/choice.ts'
import type { ImageReport } from '../../images/image-report.ts'
import { inspectImage } from '../../images/inspect-image.ts'
import { choiceInWords, reportOnProven } from '../../images/overall-verdict.ts'
import { sizeOfTarball } from '../client/destinations.ts'
import { createProgress } from '../terminal/progress.ts'
import { exit } from '../terminal/terminal.ts'

/** A tarball to push, after it was read. */
export type PushFile = { path: string; name: string; architecture: Architecture; sha256: string; size: number }

/** Why a file cannot be pushed, with the exit status for that. */
export type FileFault = Error & { exit: number }

const fault = (status: number, message: string): FileFault => Object.assign(new Error(message), { exit: status })

/** The id is that of the container that the tarball is for. */
export type ReadPushFile = { id: string; arch: string | undefined; force: boolean }

/** Inspects a tarball as the server will, so that nothing is sent that the server would refuse. Throws a FileFault. */
export async function readPushFile(path: string, { id, arch, force }: ReadPushFile): Promise<PushFile> {
  const size = await sizeOfTarball(path).catch((error: Error) => {
    throw fault(exit.unreadable, error.message)
  })
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
