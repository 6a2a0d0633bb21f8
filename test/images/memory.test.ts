import { randomBytes } from 'node:crypto'
import t from 'tap'
import { inspectImage } from '../../src/images/inspect-image.ts'
import { tarHeader } from '../support/tar.ts'
import { blockHeader, zstdHeader } from '../support/zstd.ts'

const noise = randomBytes(128 * 1024)
const pieces = 1600
const MiB = 1024 * 1024

async function* plain() {
  yield tarHeader({ name: 'noise', size: pieces * noise.length })
  for (let i = 0; i < pieces; i++) yield noise
  yield Buffer.alloc(1024)
}

async function* packed() {
  yield zstdHeader(17)
  for await (const bytes of plain()) yield Buffer.concat([blockHeader({ last: false, type: 0, size: bytes.length }), bytes])
  yield blockHeader({ last: true, type: 0, size: 0 })
}

for (const [title, source] of Object.entries({ plain, packed })) {
  t.test(`200 MB of an archive, ${title}, are read without being held`, async (t) => {
    let most = 0
    async function* watched() {
      for await (const chunk of source()) {
        most = Math.max(most, process.memoryUsage().arrayBuffers)
        yield chunk
      }
    }
    const before = process.memoryUsage().arrayBuffers

    const { report } = await inspectImage(watched())

    t.equal(report.tarball.unpackedSize, 512 + pieces * noise.length + 1024)
    t.match(report.problems, [{ code: 'manifest_absent' }])
    t.ok(most - before < 100 * MiB, `${((most - before) / MiB).toFixed(0)} MiB were held`)
  })
}
