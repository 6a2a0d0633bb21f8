import { parsePax } from './pax.ts'
import { fatal } from './problems.ts'
import { decodeText, paddingOf, type TarHeader } from './tar-header.ts'
import { endPiece, stopReading, type TarReading } from './tar-reading.ts'

export function consumeExtension(reading: TarReading): void {
  const extension = reading.extension!
  const copied = reading.chunk.copy(extension.body, extension.filled, reading.at)
  extension.filled += copied
  reading.at += copied
  if (extension.filled === extension.body.length) endExtension(reading)
}

/** Begins an extension header (PAX, or a long name of GNU tar), whose body applies to the next member. */
export function beginExtension(reading: TarReading, { flag, size }: TarHeader) {
  const { extensionBytes } = reading.limits
  if (size > extensionBytes) {
    const message = `an extension header has ${size} bytes; at most ${extensionBytes} are read`
    return stopReading(reading, fatal('tar_extension_too_large', message))
  }
  reading.extension = { flag, body: Buffer.allocUnsafe(size), filled: 0 }
  reading.padding = paddingOf(size)
  reading.state = 'extension'
  if (size === 0) endExtension(reading)
}

function endExtension(reading: TarReading) {
  const { flag, body } = reading.extension!
  const { ahead } = reading
  reading.extension = undefined
  endPiece(reading)
  if (flag === 'x' || flag === 'g') {
    const pax = parsePax(body)
    if (pax === undefined) return stopReading(reading, fatal('tar_extension_invalid', 'a PAX header has invalid records'))
    // Go treats a global header as a member, which uses up the extension headers before it and changes nothing itself
    reading.ahead = flag === 'x' ? { ...ahead, pax } : {}
    return
  }
  const nul = body.indexOf(0)
  const text = decodeText(nul === -1 ? body : body.subarray(0, nul))
  if (flag === 'L') ahead.longName = text
  else ahead.longTarget = text
}
