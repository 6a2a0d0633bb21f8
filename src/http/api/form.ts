import type { FastifyRequest } from 'fastify'
import '@fastify/multipart'
import type { MultipartFile } from '@fastify/multipart'
import { parseArchitecture } from '../../domain/architecture.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { BlobSource, TarballSaid } from './tarball.ts'

const fields = ['version', 'digest', 'architecture']

/** A form with one file. Its fields may stand before or behind the file: what they say is known when the file was read. */
export async function uploadForm(request: FastifyRequest): Promise<{ source: BlobSource; said: () => TarballSaid }> {
  const given: Record<string, string> = {}
  const parts = request.parts({ limits: { fileSize: Number.POSITIVE_INFINITY, files: 2, fields: 16, fieldSize: 8 * 1024 } })

  async function nextFile(): Promise<MultipartFile | undefined> {
    for (;;) {
      const { done, value: part } = await parts.next().catch(refuseForm)
      if (done) return undefined
      if (part.type === 'file') return part
      if (!fields.includes(part.fieldname)) {
        const errors = [{ path: part.fieldname, message: `is not known here; file, ${fields.join(', ')} would be` }]
        throw new CatalogueError('parameter_invalid', `form: ${errors[0]!.path} ${errors[0]!.message}`, { details: { errors } })
      }
      if (part.fieldname in given) throw new CatalogueError('parameter_invalid', `form: ${part.fieldname} is said twice; say it once`)
      given[part.fieldname] = String(part.value)
    }
  }

  const file = await nextFile()
  if (!file) throw new CatalogueError('parameter_missing', 'the form has no file; expected one as `file`')

  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* file!.file as AsyncIterable<Uint8Array>
    } catch (error) {
      refuseForm(error)
    }
    if (await nextFile()) throw new CatalogueError('parameter_invalid', 'the form has more than one file; nothing was stored')
  }
  const said = (): TarballSaid => ({
    version: given['version'] || undefined,
    digest: given['digest'] || undefined,
    // what the file is called on the client's disk (image.tar) says nothing of the image, and workers cache by the name in the URL
    filename: undefined,
    architecture: given['architecture'] ? parseArchitecture(given['architecture']) : undefined
  })
  return { source: source(), said }
}

/** The parser's errors say what is wrong with the form, or that it ended too early. */
function refuseForm(error: unknown): never {
  const { statusCode } = error as { statusCode?: number }
  if (statusCode === 413) {
    const wanted = `expected one file, and each of ${fields.join(', ')} once at most`
    throw new CatalogueError('parameter_invalid', `form: it has too many parts; ${wanted}; nothing was stored`, { cause: error })
  }
  if (error instanceof CatalogueError || statusCode !== undefined) throw error
  throw new CatalogueError('parameter_invalid', `form: ${(error as Error).message}; nothing was stored`, { cause: error })
}
