import t from 'tap'
import { createCache } from '../../../src/stores/embedded/cache.ts'

t.test('a cache keeps what is asked for, within its bound', async (t) => {
  const cache = createCache<number>(100)

  for (let i = 0; i < 50; i++) {
    cache.set(`key ${i}`, i, 10)
    t.equal(cache.get('key 0'), 0, 'asked for again and again')
  }

  const kept = Array.from({ length: 50 }, (_, i) => cache.get(`key ${i}`)).filter((value) => value !== undefined)
  t.ok(kept.length <= 10, `${kept.length} entries of 10 within 100`)
  t.equal(cache.get('key 1'), undefined)
})

t.test('what is deleted, cleared or too large is not there', async (t) => {
  const cache = createCache<number>(100)

  cache.set('a', 1, 10)
  cache.set('b', 2, 10)
  cache.set('large', 3, 51)
  cache.delete('a')
  t.equal(cache.get('a'), undefined)
  t.equal(cache.get('b'), 2)
  t.equal(cache.get('large'), undefined)

  cache.clear()
  t.equal(cache.get('b'), undefined)
})
