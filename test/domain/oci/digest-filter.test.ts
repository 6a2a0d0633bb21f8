import { createHash } from 'node:crypto'
import t from 'tap'
import { createDigestFilter, digestsIn } from '../../../src/domain/oci/digest-filter.ts'

const digest = (i: number) => `sha256:${createHash('sha256').update(String(i)).digest('hex')}`

for (const count of [0, 1, 10_000, 10_001, 30_000]) {
  t.test(`of ${count} digests each is found, and hardly another`, async (t) => {
    const filter = createDigestFilter()
    for (let i = 0; i < count; i++) filter.add(digest(i))

    let [missed, wrong] = [0, 0]
    for (let i = 0; i < count; i++) if (!filter.has(digest(i))) missed++
    for (let i = count; i < count + 1000; i++) if (filter.has(digest(i))) wrong++

    t.strictSame([missed, wrong], [0, 0])
  })
}

t.test('digests in a text', async (t) => {
  t.strictSame(digestsIn(`{"a":"${digest(1)}","b":["${digest(2)}"],"c":"sha256:12"}`), [digest(1), digest(2)])
})
