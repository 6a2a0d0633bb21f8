import type { DocumentStore } from '../../src/stores/document-store.ts'
import type { Open, Tap } from './contract.ts'

const strangeIds = [
  'hysds/container:v1.0',
  'with space',
  ' around ',
  '100%',
  '%2F',
  'a#b',
  'a?b=c&d',
  `quotes " ' and \` and \\`,
  'comma,semicolon;star*',
  '_leading',
  '_bulk',
  '_count',
  '_mapping',
  '_search',
  '-dash',
  '+plus',
  '..a',
  '../up',
  '日本語:1',
  'é',
  'e\u0301',
  '😀',
  '\ufffd',
  'new\nline',
  'x'.repeat(512),
  'é'.repeat(256)
]

/** In a place that no engine indexes: elsewhere a field's type is settled by the first value it gets. */
const strangeValues: Record<string, string> = {
  'big integers': '{"id":"a","n":12345678901234567,"m":-98765432109876543210}',
  'numbers as they were written': '{"n":1.0,"e":1e2,"E":1E+2,"z":-0.0,"p":0.10}',
  'the order of keys, integer-like ones too': '{"b":1,"2":1,"a":1,"1":1}',
  'odd white space': ' {\t"a" :\r\n[ 1 ,2,\n\n3 ] , "b":{ } }\n',
  'escapes as they were written': '{"a":"\\u0041\\/\\u00e9é","b":"\\ud83d\\ude00😀"}',
  'lone surrogates as escapes': '{"a":"\\ud800","b":"x\\udfff\\ud800"}',
  'an escaped NUL': '{"a":"x\\u0000y"}',
  'null, empty and nested values': '{"a":null,"b":"","c":[],"d":{},"e":[[{"f":[null,true,false]}]]}'
}

export async function documentsContract(t: Tap, open: Open): Promise<void> {
  const { stores } = await open(t)
  const store = stores.containers

  await t.test('what was never put is absent', async (t) => {
    t.equal(await store.get('never'), undefined)
    t.equal(await store.remove('never'), false)
    t.strictSame(await store.getMany([]), [])
    t.strictSame(await store.getMany(['never', 'nowhere']), [undefined, undefined])
  })

  await t.test('many are got each in its place, absent ones and repeated ones too', async (t) => {
    for (const id of ['one', 'two']) await store.put(id, `{"id":"${id}"}`)

    const found = await store.getMany(['two', 'none', 'one', '..', 'x'.repeat(513), 'two'])

    t.strictSame(
      found.map((stored) => stored?.document),
      ['{"id":"two"}', undefined, '{"id":"one"}', undefined, undefined, '{"id":"two"}']
    )
    t.strictSame(found[0], await store.get('two'))
  })

  await t.test('many more than a store asks at once are got each in its place', async (t) => {
    const ids = Array.from({ length: 1500 }, (_, i) => `many-${i}`)
    await Promise.all(ids.filter((_, i) => i % 3 === 0).map((id) => store.put(id, `{"id":"${id}"}`)))

    const found = await store.getMany(ids)

    t.strictSame(
      found.map((stored) => stored?.id),
      ids.map((id, i) => (i % 3 === 0 ? id : undefined))
    )
  })

  await t.test('an id may be any text of 1 to 512 bytes', async (t) => {
    for (const id of strangeIds) {
      const document = JSON.stringify({ id })
      await store.put(id, document)
      t.equal((await store.get(id))?.document, document, JSON.stringify(id.slice(0, 40)))
      t.equal((await store.get(id))?.id, id)
    }

    const all = await store.getMany(strangeIds)
    t.strictSame(
      all.map((stored) => stored?.document),
      strangeIds.map((id) => JSON.stringify({ id })),
      'none was taken for another'
    )
    for (const id of strangeIds) t.equal(await store.remove(id), true)
    t.strictSame(
      (await store.getMany(strangeIds)).filter((stored) => stored !== undefined),
      []
    )
  })

  await t.test('an id that no store can hold is refused, and absent', async (t) => {
    for (const id of ['', '.', '..', 'x'.repeat(513), 'é'.repeat(257), 'half \ud800']) {
      await t.rejects(store.put(id, '{}'), { code: 'id_invalid' }, JSON.stringify(id.slice(0, 40)))
      t.equal(await store.get(id), undefined)
      t.equal(await store.remove(id), false)
    }
  })

  await t.test('half of a surrogate pair in an id is not taken for the character that UTF-8 puts in its place', async (t) => {
    await store.put('half \ufffd', '{"n":1}')

    t.equal(await store.get('half \ud800'), undefined)
    t.strictSame(await store.getMany(['half \ud800']), [undefined])
    t.equal(await store.remove('half \ud800'), false)
    t.equal((await store.describe('half \ud800', { pretty: false })).found, false)
    t.equal((await store.get('half \ufffd'))?.document, '{"n":1}')
  })

  await t.test('a document comes back byte for byte', async (t) => {
    const plain = '{\n "version" : "v1",\t"2":"b","1":"a", "id":"\\u0041é","n":12345678901234567,"f":1.0,"none":null }'
    await store.put('verbatim', plain)
    t.equal((await store.get('verbatim'))?.document, plain)

    for (const [what, value] of Object.entries(strangeValues)) {
      const document = `{"id":"verbatim","params":{"default":${value}}}`
      await stores.hysdsIos.put('verbatim', document)
      t.equal((await stores.hysdsIos.get('verbatim'))?.document, document, what)
      t.equal((await stores.hysdsIos.getMany(['verbatim']))[0]?.document, document, `${what}, among many`)
    }
  })

  await t.test('a document may have 8 MiB', async (t) => {
    const words = Array.from({ length: 8 * 1024 }, (_, i) => `word ${i} ${'é"\\'.repeat(250)}`.slice(0, 520))
    const document = JSON.stringify({ id: 'large', params: { default: words } }, undefined, 1)

    await stores.hysdsIos.put('large', document)

    t.ok(Buffer.byteLength(document) >= 8 * 1024 * 1024)
    t.ok((await stores.hysdsIos.get('large'))?.document === document, 'the same document came back')
  })

  await t.test('what is not a JSON object is refused', async (t) => {
    for (const document of ['', 'x', '[1]', '"text"', '{"a":}', '{"a":1} x', '{"a":1']) {
      await t.rejects(store.put('refused', document), { code: 'document_refused' }, JSON.stringify(document))
    }
    t.equal(await store.get('refused'), undefined)
  })

  await describeContract(t, store)
}

async function describeContract(t: Tap, store: DocumentStore): Promise<void> {
  const document = '{"id":"shown/1", "big":12345678901234567,"list":[1,[]],"text":"a \\" : { \\\\"}'

  await t.test('a document is described as an engine answers it, its text as it stands', async (t) => {
    const { revision } = await store.put('shown/1', document)

    const { found, body } = await store.describe('shown/1', { pretty: false })

    t.equal(found, true)
    t.ok(body.includes(`"_source":${document}`), body)
    const [, seqNo, primaryTerm] = revision.split('.').map(Number)
    t.match(JSON.parse(body), { _id: 'shown/1', _version: 1, _seq_no: seqNo, _primary_term: primaryTerm, found: true })
  })

  await t.test('it can be described for people', async (t) => {
    const { found, body } = await store.describe('shown/1', { pretty: true })

    t.equal(found, true)
    t.match(body, /^\{\n {2}"_index" : "/)
    t.match(body, /\n {2}"_source" ?: ?\{/)
    t.ok(body.includes('12345678901234567'), 'no digit is lost')
    t.strictSame(JSON.parse(body)._source, JSON.parse(document))
  })

  await t.test('what is not there is described as not found', async (t) => {
    for (const id of ['gone', '_search', '..', 'x'.repeat(513)]) {
      const { found, body } = await store.describe(id, { pretty: id === '..' })

      t.equal(found, false)
      t.match(JSON.parse(body), { _id: id, found: false })
      t.equal(JSON.parse(body)._source, undefined)
    }
  })
}
