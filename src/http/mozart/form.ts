import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { CatalogueError } from '../../domain/errors.ts'
import type { TextFields } from '../shared/url-encoded.ts'

const maxParts = 200

/** Returns the fields of a multipart body. As in Werkzeug, a part with a file name is not a field, and a body without a boundary has none. */
export function parseMultipart(body: Buffer, contentType: string): Promise<TextFields> {
  return new Promise((resolve, reject) => {
    const fields: TextFields = Object.create(null)
    const parser = openParser(contentType, body.length)
    if (!parser) return resolve(fields)
    const refuse = (why: string) => reject(new CatalogueError('parameter_invalid', `the multipart body cannot be read: ${why}`))
    parser
      .on('field', (name, value) => {
        if (fields[name] === undefined) fields[name] = value
      })
      .on('file', (_name, file) => void file.on('error', () => {}).resume())
      .on('partsLimit', () => refuse(`it has more than ${maxParts} parts`))
      .on('error', (error) => refuse((error as Error).message))
      .on('finish', () => resolve(fields))
    parser.end(body)
  })
}

function openParser(contentType: string, size: number): BusboyInstance | undefined {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: maxParts, fieldSize: size, fieldNameSize: 1024, headerPairs: 20 },
      isPartAFile: (_name, _type, fileName) => fileName !== undefined
    })
  } catch {
    return undefined
  }
}
