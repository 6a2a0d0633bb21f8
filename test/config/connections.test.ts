import t from 'tap'
import { connectionsFor, openFiles } from '../../src/config/connections.ts'

for (const [files, connections] of [
  [50, 8],
  [200, 68],
  [1024, 480],
  [1_048_576, 4096],
  [Number.POSITIVE_INFINITY, 4096]
] as const) {
  t.test(`where ${files} files may be open there may be ${connections} connections`, async (t) => {
    t.equal(connectionsFor(files), connections)
  })
}

t.test('how many files may be open is known', async (t) => {
  t.ok(openFiles() >= 64, String(openFiles()))
})
