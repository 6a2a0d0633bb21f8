import t from 'tap'
import { createBell } from '../../../src/catalogue/jobs/bell.ts'

t.test('a ring is heard by who waits for it, by who comes later, and once', async (t) => {
  const bell = createBell()

  const waiting = bell.heard(600_000)
  bell.ring()

  t.equal(await waiting, true)
  t.equal(await bell.heard(0), false)

  bell.ring()
  bell.ring()

  t.equal(await bell.heard(600_000), true)
  t.equal(await bell.heard(0), false)
})

t.test('a ring that was hushed is not heard', async (t) => {
  const bell = createBell()

  bell.ring()
  bell.hush()

  t.equal(await bell.heard(0), false)
})
