import t from 'tap'
import { percentDecoded } from '../../src/domain/percent.ts'

t.test('what is percent-encoded is decoded, and what is not stays what it is', async (t) => {
  t.equal(percentDecoded('a%20b%2Fc%C3%A9'), 'a b/cé')
  for (const text of ['', 'plain', '%zz', '100%', '%FF', '%20%']) t.equal(percentDecoded(text), text)
})
