import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { CatalogueError } from '../../domain/errors.ts'

const maxParts = 200

/** Returns the fields of a multipart body. As in Werkzeug, a part with a file name is not a field, and a body without a boundary has none. */
export function parseMultipart(body: Buffer, contentType: string): Promise<Map<string, string>> {
  return new Promise((resolve, reject) => {
    const fields = new Map<string, string>()
    const parser = openParser(contentType, body.length)
    if (!parser) return resolve(fields)
    const refuse = (why: string) => reject(new CatalogueError('parameter_invalid', `the multipart body cannot be read: ${why}`))
    parser
      .on('field', (name, value) => {
        if (!fields.has(name)) fields.set(name, value)
      })
      .on('file', (_name, file) => void file.on('error', () => {}).resume())
      .on('partsLimit', () => refuse(`it has more than ${maxParts} parts`))
      .on('error', (error) => refuse((error as Error).message))
      .on('finish', () => resolve(fields))
    feed(parser, body)
  })
}

/** So many bytes are parsed at once, which takes some milliseconds; then other requests get a turn. */
const bytesPerTurn = 256 * 1024

function feed(parser: BusboyInstance, body: Buffer, at = 0): void {
  if (at + bytesPerTurn >= body.length) return void parser.end(body.subarray(at))
  parser.write(body.subarray(at, at + bytesPerTurn))
  setImmediate(feed, parser, body, at + bytesPerTurn)
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
