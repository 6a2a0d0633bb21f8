import { crc32, deflateSync, inflateSync } from 'node:zlib'

/* Pictures of pages have few colours: with a palette of the sixteen that matter most, a PNG is a fifth of what browsers write, and as sharp. */

interface Pixels {
  width: number
  height: number
  /** Three bytes each. */
  rgb: Uint8Array
}

/** Writes a PNG of 8 bits a channel, without interlacing, as one with a palette. */
export function withPalette(png: Buffer): Buffer {
  const { width, height, rgb } = decode(png)
  const palette = mostUsed(rgb)
  // two pixels a byte, behind the number of the row's filter: none
  const stride = Math.ceil(width / 2) + 1
  const rows = Buffer.alloc(stride * height)
  const nearest = nearestIn(palette)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const index = nearest((rgb[at]! << 16) | (rgb[at + 1]! << 8) | rgb[at + 2]!)
      rows[y * stride + 1 + (x >> 1)]! |= x % 2 === 0 ? index << 4 : index
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([4, 3, 0, 0, 0], 8)
  const table = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  const parts = [chunk('IHDR', header), chunk('PLTE', table), chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })), chunk('IEND')]
  return Buffer.concat([png.subarray(0, 8), ...parts])
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

function decode(png: Buffer): Pixels {
  const [width, height, channels] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3]
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  }
  const raw = inflateSync(Buffer.concat(parts))
  const stride = width * channels
  const rgb = new Uint8Array(width * height * 3)
  let above = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const line = Uint8Array.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)))
    unfilter(line, { filter: raw[y * (stride + 1)]!, above, channels })
    for (let x = 0; x < width; x++) rgb.set(line.subarray(x * channels, x * channels + 3), (y * width + x) * 3)
    above = line
  }
  return { width, height, rgb }
}

function unfilter(line: Uint8Array, { filter, above, channels }: { filter: number; above: Uint8Array; channels: number }): void {
  for (let i = 0; i < line.length; i++) {
    const [left, up, corner] = [line[i - channels] ?? 0, above[i]!, above[i - channels] ?? 0]
    const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!
    line[i] = line[i]! + guess
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

/** The square of how far apart two colours must be: of those that are large areas, and of those that are edges of letters. */
const apart = { areas: 12, edges: 1200 }
/** The share of a picture from which on a colour is an area. */
const areaShare = 0.002

/** Of colours that can hardly be told apart, only one is taken. */
function mostUsed(rgb: Uint8Array): number[] {
  const counts = new Map<number, number>()
  for (let at = 0; at < rgb.length; at += 3) {
    const colour = (rgb[at]! << 16) | (rgb[at + 1]! << 8) | rgb[at + 2]!
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const chosen: number[] = []
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  for (const [colour, count] of sorted) {
    if (chosen.length === 16) break
    const enough = count > (rgb.length / 3) * areaShare ? apart.areas : apart.edges
    if (chosen.every((one) => distance(one, colour) > enough)) chosen.push(colour)
  }
  return chosen
}

function nearestIn(palette: readonly number[]): (colour: number) => number {
  const known = new Map<number, number>()
  return (colour) => {
    const found = known.get(colour)
    if (found !== undefined) return found
    const index = palette.reduce((best, one, i) => (distance(one, colour) < distance(palette[best]!, colour) ? i : best), 0)
    known.set(colour, index)
    return index
  }
}

const distance = (a: number, b: number): number =>
  ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2
