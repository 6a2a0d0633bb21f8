import t from 'tap'
import { from } from '../../blobs/bytes.ts'
import { startDav } from './exchange.ts'

t.test('MKCOL makes a folder in one that is there', async (t) => {
  const { ask } = await startDav(t)
  await ask('file', { method: 'PUT', body: 'x' })
  const make = async (path: string, body?: string) => (await ask(path, { method: 'MKCOL', ...(body && { body }) })).status

  t.equal(await make(''), 405)
  t.equal(await make('a'), 201)
  t.equal(await make('a/'), 405)
  t.equal(await make('a/b/'), 201)
  t.equal(await make('none/b'), 409)
  t.equal(await make('file'), 405)
  t.equal(await make('file/b'), 409)
  t.equal(await make('c', '<mkcol/>'), 415)
  t.equal((await ask('a/b')).status, 200)
  t.equal((await ask('c')).status, 404)
})

t.test('DELETE takes a file or an empty folder, never what stands in one', async (t) => {
  const { ask, blobs } = await startDav(t)
  await ask('a/b/file', { method: 'PUT', body: 'x' })
  await ask('a', { method: 'MKCOL' })
  const remove = async (path: string) => {
    const answer = await ask(path, { method: 'DELETE' })
    return `${answer.status} ${await answer.text()}`.trim()
  }

  t.equal(await remove('a/b'), '409 a/b is not empty')
  t.equal(await remove('a/'), '409 a is not empty')
  t.equal(await remove(''), '403 the root cannot be removed')
  t.ok(await blobs.head('a/b/file'))
  t.equal(await remove('a/b/file/'), '404 there is no a/b/file')
  t.equal(await remove('a/b/file'), '204')
  t.equal(await remove('a/b/file'), '404 there is no a/b/file')
})

t.test('PROPFIND tells what stands in a folder, with names that XML and URLs cannot hold as they are', async (t) => {
  const { ask, blobs } = await startDav(t)
  for (const name of ['a/<&>"\'.tar', 'a/ü #%?.tar', 'a/deep/file']) await blobs.put(name, from('12345'))
  const find = async (path: string, depth: string, more = {}) => {
    const answer = await ask(path, { method: 'PROPFIND', headers: { depth, ...more }, body: '<propfind/>' })
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
  }
  const hrefs = (text: string) => [...text.matchAll(/<D:href>([^<]*)</g)].map(([, href]) => href)

  const children = await find('a', '1')
  const alone = await find('a/', '0')
  const file = await find('a/deep/file', '1')

  t.match(children, { status: 207, type: 'application/xml; charset=utf-8' })
  t.strictSame(hrefs(children.text), [
    '/storage/a/',
    '/storage/a/deep/',
    '/storage/a/%3C%26%3E%22&#39;.tar',
    '/storage/a/%C3%BC%20%23%25%3F.tar'
  ])
  t.match(children.text, '<D:displayname>&lt;&amp;&gt;&quot;&#39;.tar</D:displayname>')
  t.match(children.text, '<D:getcontentlength>5</D:getcontentlength>')
  t.strictSame(hrefs(alone.text), ['/storage/a/'])
  t.match(alone.text, /<D:collection\/>.*<D:quota-available-bytes>\d+</)
  t.match(file.text, /<D:resourcetype\/>.*<D:getlastmodified>\w{3}, .* GMT<.*<D:getetag>&quot;[0-9a-f]{64}&quot;</)
  t.strictSame(hrefs((await find('a', '0', { 'x-script-name': '/mozart' })).text), ['/mozart/storage/a/'])
  t.equal((await find('none', '1')).status, 404)
  t.match(await find('a', 'infinity'), { status: 403, text: /propfind-finite-depth/ })
})

t.test('PROPFIND of a folder with more than a page of files names each once', async (t) => {
  const { ask, blobs } = await startDav(t)
  for (let i = 0; i < 510; i++) await blobs.put(`many/${i}`, from(''))

  const answer = await (await ask('many/', { method: 'PROPFIND', headers: { depth: '1' } })).text()

  t.equal(new Set(answer.match(/<D:href>[^<]*/g)).size, 511)
  t.match(answer, /<\/D:multistatus>\n$/)
})

t.test('a folder is a page for people, by which every file is reached', async (t) => {
  const { ask, blobs, url } = await startDav(t)
  const odd = 'a/<b>"\'& :?#%.tar'
  await blobs.put(odd, from('odd'))
  for (let i = 0; i < 505; i++) await blobs.put(`a/z${i}`, from(''))

  const first = await ask('a')
  const page = await first.text()
  const [, base] = /<base href="([^"]*)">/.exec(page)!
  const [, href] = /<a href="(%3Cb[^"]*)">/.exec(page)!
  const [, more] = /<a href="(\?cursor=[^"]*)">/.exec(page)!
  const followed = await fetch(new URL(href!.replaceAll('&#39;', "'"), new URL(base!, url)))
  const second = await (await fetch(new URL(more!, new URL(base!, url)))).text()

  t.match(first.headers.get('content-security-policy'), "default-src 'none'")
  t.match(page, /^<!DOCTYPE html PUBLIC "-\/\/W3C\/\/DTD XHTML 1\.0 Transitional\/\/EN">/, 'by which osaka knows a folder')
  t.notMatch(page, '<b>')
  t.equal(await followed.text(), 'odd')
  t.equal(page.match(/<tr>/g)!.length + second.match(/<tr>/g)!.length, 506 + 2)
  t.equal((await ask('a', { method: 'HEAD' })).status, 200)
  t.equal((await ask('')).status, 200)
  t.equal((await fetch(`${url}/storage`)).status, 200)
})
