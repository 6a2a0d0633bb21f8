import t from 'tap'
import { checkId, isStorableId, utf8Length } from '../../src/domain/limits.ts'

t.test('lengths are counted in bytes of UTF-8', async (t) => {
  for (const text of ['', 'a', 'é', '日本', '😀', 'a😀é', '\u007f\u0080\u07ff\u0800'])
    t.equal(utf8Length(text), Buffer.byteLength(text), text)
})

t.test('an id is 1 to 512 bytes of text, not a dot or two', async (t) => {
  for (const id of ['a', 'x'.repeat(512), 'é'.repeat(256), 'a/b c%d#e?f', '...', '_x']) t.equal(checkId(id), id)
  for (const id of ['', '.', '..', 'x'.repeat(513), 'é'.repeat(257), 'a\ud800', '\udc00b']) {
    t.throws(() => checkId(id), { code: 'id_invalid', message: /expected 1 to 512 bytes/ }, JSON.stringify(id).slice(0, 20))
    t.notOk(isStorableId(id))
  }
})
