import { createCipheriv, createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { elf } from '../test/support/elf.ts'
import { tarHeader } from '../test/support/tar.ts'

const block = 512
const fileSize = 64 * 1024
const mega = 1024 * 1024

export interface BigImage {
  /** Of the tar, about. */
  megabytes: number
  /** How many layers they are in. */
  layers?: number
}

/**
 * A docker-archive of a size, as `docker save` might have written it: files of 64 KiB, half of each random and half text, which gzip and
 * zstd pack to about a half. The same bytes each time. The configuration comes last, because its layers' digests are taken on the way.
 */
export async function writeBigImage(path: string, { megabytes, layers = 4 }: BigImage): Promise<void> {
  const files = Math.max(1, Math.floor((megabytes * mega) / layers / (fileSize + block)))
  const names = Array.from({ length: layers }, (_, i) => `layer${i}/layer.tar`)

  async function* archive(): AsyncGenerator<Buffer> {
    const diffIds: string[] = []
    for (const [i, name] of names.entries()) {
      const program = elf('amd64', { size: 3000 })
      const size = block + padded(program.length) + files * (block + fileSize) + 2 * block
      const hash = createHash('sha256')
      yield tarHeader({ name, size })
      for (const piece of layer(i, { program, files })) {
        hash.update(piece)
        yield piece
      }
      yield Buffer.alloc(padded(size) - size)
      diffIds.push(`sha256:${hash.digest('hex')}`)
    }
    const config = {
      architecture: 'amd64',
      os: 'linux',
      config: { Entrypoint: ['/app'] },
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: names.map(() => ({ created_by: 'benchmark' }))
    }
    yield* member('config.json', Buffer.from(JSON.stringify(config)))
    yield* member('manifest.json', Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: ['big:1'], Layers: names }])))
    yield Buffer.alloc(2 * block)
  }

  await pipeline(archive, createWriteStream(path, { highWaterMark: mega }))
}

export interface BigLayer {
  digest: string
  size: number
}

/** A layer of about a size, as the ones above, in a file of its own. */
export async function writeBigLayer(path: string, megabytes: number): Promise<BigLayer> {
  const hash = createHash('sha256')
  let size = 0
  async function* bytes(): AsyncGenerator<Buffer> {
    const files = Math.floor((megabytes * mega) / (fileSize + block))
    for (const piece of layer(0, { program: elf('amd64', { size: 3000 }), files })) {
      hash.update(piece)
      size += piece.length
      yield Buffer.from(piece)
    }
  }
  await pipeline(bytes, createWriteStream(path, { highWaterMark: mega }))
  return { digest: `sha256:${hash.digest('hex')}`, size }
}

function* layer(number: number, { program, files }: { program: Buffer; files: number }): Generator<Buffer> {
  yield* member('app', program)
  const random = createCipheriv('aes-128-ctr', Buffer.alloc(16, number + 1), Buffer.alloc(16))
  const zeros = Buffer.alloc(fileSize / 2)
  const text = Buffer.from('All human beings are born free and equal in dignity and rights. '.repeat(fileSize / 2 / 64))
  for (let i = 0; i < files; i++) {
    yield tarHeader({ name: `usr/lib/files/${i % 100}/file-${i}`, size: fileSize })
    yield random.update(zeros)
    yield text
  }
  yield Buffer.alloc(2 * block)
}

function* member(name: string, body: Buffer): Generator<Buffer> {
  yield tarHeader({ name, size: body.length })
  yield Buffer.concat([body, Buffer.alloc(padded(body.length) - body.length)])
}

const padded = (size: number) => Math.ceil(size / block) * block
