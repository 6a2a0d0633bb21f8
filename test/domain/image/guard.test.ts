import t from 'tap'
import { parseArchitecture } from '../../../src/domain/architecture.ts'
import { containerFrom, parseRegistration } from '../../../src/domain/container/container.ts'
import { guardUrl, isGuardUrl, isOwnGuardUrl } from '../../../src/domain/image/guard.ts'

const arm = parseArchitecture('arm/v7')
const here = 'http://here:8888/mozart'

t.test('a guard names the container and the architecture in whose place it stands, at whatever address', async (t) => {
  const table: [url: string, isGuard: boolean, why: string][] = [
    [guardUrl(here, 'a/b:1', arm), true, 'ours'],
    [guardUrl('https://before.example.org/', 'a/b:1', arm), true, 'at an address that was ours, or of another Leporello'],
    [guardUrl(here, 'a/b:2', arm), false, 'of another container'],
    [guardUrl(here, 'a/b:1', parseArchitecture('arm64')), false, 'for another architecture'],
    ['https://files.example.org/unavailable/hello/arm%2Fv7', false, 'an image in a folder of that name'],
    ['https://files.example.org/unavailable/a%2Fb%3A1/arm%2Fv7.tar.gz', false, 'an image with nearly such a name'],
    ['https://files.example.org/x?y=/unavailable/hello/arm', false, 'a query'],
    ['s3://bucket/unavailable/a%2Fb%3A1/arm%2Fv7', false, 'no address of the web'],
    ['/unavailable/a%2Fb%3A1/arm%2Fv7', false, 'no address at all']
  ]

  for (const [url, isGuard, why] of table) t.equal(isGuardUrl(url, { id: 'a/b:1', architecture: arm }), isGuard, why)
})

t.test('at our own address it is one for whatever container, as records are copied to new ids', async (t) => {
  t.ok(isOwnGuardUrl(guardUrl(here, 'other:1', arm), here))
  t.ok(isOwnGuardUrl(guardUrl(here, 'other:1', arm), `${here}/`))
  t.notOk(isOwnGuardUrl(guardUrl('http://there', 'other:1', arm), here))
  t.notOk(isOwnGuardUrl(`${here}/unavailable/a/b/c`, here))
  t.notOk(isOwnGuardUrl(`${here}/storage/unavailable/a/b`, here))
})

t.test('what is posted with guards is registered without them, and with an image that looks like one', async (t) => {
  const lookAlike = 'https://files.example.org/unavailable/hello/arm64'
  const urls = JSON.stringify({ x86_64: guardUrl(here, 'old:1', parseArchitecture('amd64')), aarch64: lookAlike })
  const posted = parseRegistration({
    id: 'new:1',
    version: '1',
    digest: 'd',
    url: guardUrl(here, 'old:1', parseArchitecture('amd64')),
    urls
  })

  const { url, images } = containerFrom(posted, { publicUrl: here, guarded: [] })

  t.equal(url, guardUrl(here, 'new:1', parseArchitecture('amd64')))
  t.strictSame([...images], [['arm64', lookAlike]])
})
