import type { FastifyRequest } from 'fastify'
import '@fastify/multipart'
import type { MultipartFile } from '@fastify/multipart'
import { parseArchitecture } from '../../domain/architecture.ts'
import { CatalogueError } from '../../domain/errors.ts'
import { nearest } from '../../domain/nearest.ts'

const fields = ['version', 'digest', 'architecture']

/** Reads a form with one file. `said` is complete once the file was read; `before` has the fields in front of it, also those in `more`. */
export async function uploadForm(request: FastifyRequest, more: readonly string[] = []) {
  const known = [...fields, ...more]
  const given = new Map<string, string>()
  const parts = request.parts({ limits: { fileSize: Number.POSITIVE_INFINITY, files: 2, fields: 16, fieldSize: 8 * 1024 } })

  async function nextFile(): Promise<MultipartFile | undefined> {
    for (;;) {
      const { done, value: part } = await parts.next().catch(refuseForm)
      if (done) return undefined
      if (part.type === 'file') return part
      if (!known.includes(part.fieldname)) refuseName(part.fieldname, ['file', ...known])
      if (given.has(part.fieldname))
        throw new CatalogueError('parameter_invalid', `form: ${part.fieldname} is given more than once; give it once`)
      given.set(part.fieldname, String(part.value))
    }
  }

  const file = await nextFile()
  if (!file) throw new CatalogueError('parameter_missing', 'the form has no file; send the tarball as `file`')

  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* file!.file as AsyncIterable<Uint8Array>
    } catch (error) {
      refuseForm(error)
    }
    if (await nextFile()) throw new CatalogueError('parameter_invalid', 'the form has more than one file; nothing was stored')
  }
  const said = () => ({
    version: given.get('version') || undefined,
    digest: given.get('digest') || undefined,
    // the file's name on the client's disk (image.tar) says nothing about the image, and workers cache by the name in the URL
    filename: undefined,
    architecture: given.get('architecture') ? parseArchitecture(given.get('architecture')!) : undefined
  })
  return { source: source(), said, before: new Map(given) }
}

function refuseName(path: string, known: readonly string[]): never {
  const near = nearest(path, known)
  const message = `is unknown; ${near ? `did you mean ${near}? ` : ''}expected ${known.join(', ')}`
  throw new CatalogueError('parameter_invalid', `form: ${path} ${message}`, { details: { errors: [{ path, message }] } })
}

/** Throws parameter_invalid with the parser's message, which says what is wrong with the form. */
function refuseForm(error: unknown): never {
  const { statusCode } = error as { statusCode?: number }
  if (statusCode === 413) {
    const wanted = `expected one file, and each of ${fields.join(', ')} once at most`
    throw new CatalogueError('parameter_invalid', `form: it has too many parts; ${wanted}; nothing was stored`, { cause: error })
  }
  if (error instanceof CatalogueError || statusCode !== undefined) throw error
  throw new CatalogueError('parameter_invalid', `form: ${(error as Error).message}; nothing was stored`, { cause: error })
}
