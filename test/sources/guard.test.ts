import t from 'tap'
import { fakeNames, sourcesFor, startSite, textOf } from './sites.ts'

const forbidden = (message: RegExp) => ({ code: 'source_forbidden', message })

t.test('nothing beyond our own store is read unless the site says so', async (t) => {
  const { port, requests } = await startSite(t, (_request, response) => response.end('tarball'))

  for (const mode of ['off', 'own'] as const) {
    const sources = sourcesFor({ mode, hosts: ['127.0.0.1:*'] })
    for (const url of [`http://u:swordfish@127.0.0.1:${port}/x`, 's3://bucket/key', '/etc/passwd']) {
      await t.rejects(sources.open(url), forbidden(/^(?!.*swordfish).*LEPORELLO_VERIFY=all would allow/), url)
      await t.rejects(sources.probe(url), forbidden(/LEPORELLO_VERIFY=all would allow/), url)
    }
  }
  t.strictSame(requests, [])
})

t.test('a host that is not listed is not so much as looked up', async (t) => {
  const resolve = fakeNames({ 'evil.test': ['127.0.0.1'] })
  const sources = sourcesFor({ hosts: ['files.test', '*.example.org'] }, { resolve })

  await t.rejects(sources.open('http://evil.test/x'), forbidden(/LEPORELLO_VERIFY_HOSTS=evil.test would allow it/))
  await t.rejects(sources.open('http://files.test:22/x'), forbidden(/LEPORELLO_VERIFY_HOSTS=files.test:22 would allow it/))
  await t.rejects(sources.open('http://169.254.169.254/x'), forbidden(/nothing is ever read from there$/), 'and no entry is advised')
  await t.rejects(sources.open('http://files.test@evil.test/x'), forbidden(/evil.test/))
  await t.rejects(sources.probe('http://files.test.evil.test/x'), forbidden(/evil.test/))
  t.strictSame(resolve.asked, [])
})

t.test('a host that only a pattern opens is read from where anybody is served, not from inside', async (t) => {
  const inside = [
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1'
  ]
  const { port, requests } = await startSite(t, (_request, response) => response.end('secret'))

  for (const address of inside) {
    const sources = sourcesFor({ hosts: ['*:*'] }, { resolve: fakeNames({ 'files.example.org': [address] }) })
    const literal = address.includes(':') ? `[${address}]` : address
    await t.rejects(sources.open(`http://files.example.org:${port}/x`), forbidden(/leads to .*address/), address)
    await t.rejects(sources.open(`http://${literal}:${port}/x`), forbidden(/leads to .*address/), literal)
  }
  const sources = sourcesFor({ hosts: ['*:*'] }, { resolve: fakeNames({ localhost: ['127.0.0.1', '::1'], 'localhost.': ['::1'] }) })
  for (const host of ['localhost', 'localhost.', '2130706433', '0x7f.0.0.1', '0177.1', '127.1', '0', '[::]', '[::127.0.0.1]']) {
    await t.rejects(sources.open(`dav://${host}:${port}/x`), forbidden(/leads to .*address/), host)
  }
  t.strictSame(requests, [])
})

t.test('a host named in full is read also inside of the site, but never metadata', async (t) => {
  const { port } = await startSite(t, (_request, response) => response.end('tarball'))
  const hosts = [`minio.internal:${port}`, `trap.internal:${port}`, '169.254.169.254', '[::ffff:a9fe:a9fe]']
  const resolve = fakeNames({ 'minio.internal': ['127.0.0.1'], 'trap.internal': ['169.254.169.254'] })
  const sources = sourcesFor({ hosts }, { resolve })

  const { stream } = await sources.open(`http://minio.internal:${port}/x`)

  t.equal(await textOf(stream), 'tarball')
  await t.rejects(sources.open(`http://trap.internal:${port}/x`), forbidden(/leads to 169.254.169.254, .*nothing is ever read from there/))
  await t.rejects(sources.open('http://169.254.169.254/latest/meta-data/'), forbidden(/nothing is ever read from there/))
  await t.rejects(sources.open('http://[::ffff:169.254.169.254]/'), forbidden(/nothing is ever read from there/))
})

t.test('a name is resolved once, and the connection goes to the address that was judged', async (t) => {
  const { port } = await startSite(t, (_request, response) => response.end('judged'))
  const other = await startSite(t, (_request, response) => response.end('another'), { address: '127.0.0.2', port })
  const resolve = fakeNames({ 'files.test': ['127.0.0.1', '127.0.0.2'] })

  const { stream } = await sourcesFor({ hosts: ['files.test:*'] }, { resolve }).open(`http://files.test:${port}/x`)

  t.equal(await textOf(stream), 'judged')
  t.strictSame(resolve.asked, ['files.test'])
  t.strictSame(other.requests, [])
})

t.test('of several addresses only those are used that may be', async (t) => {
  const { port, requests } = await startSite(t, (_request, response) => response.end('tarball'))
  const resolve = fakeNames({ 'files.test': [['169.254.169.254', '127.0.0.1']] })

  const { stream } = await sourcesFor({ hosts: ['files.test:*'] }, { resolve }).open(`http://files.test:${port}/x`)

  t.equal(await textOf(stream), 'tarball')
  t.equal(requests[0]?.headers.host, `files.test:${port}`)
})

t.test('a name that points elsewhere at the redirect is judged again', async (t) => {
  const { port, requests } = await startSite(t, (_request, response) => response.writeHead(302, { location: '/again' }).end())
  const resolve = fakeNames({ 'files.test': ['127.0.0.1', '169.254.169.254'] })

  await t.rejects(
    sourcesFor({ hosts: ['files.test:*'] }, { resolve }).open(`http://files.test:${port}/x`),
    forbidden(/files.test.*leads to 169.254.169.254/)
  )
  t.equal(requests.length, 1)
})

t.test('a redirect leads only where a registered URL might', async (t) => {
  const { port } = await startSite(t, ({ url }, response) => response.writeHead(302, { location: decodeURIComponent(url!.slice(1)) }).end())
  const sources = sourcesFor({ hosts: ['127.0.0.1:*', '*.example.org:*'] }, { resolve: fakeNames({ 'files.example.org': ['10.0.0.1'] }) })
  const leadingTo = (target: string) => sources.open(`http://127.0.0.1:${port}/${encodeURIComponent(target)}`)

  await t.rejects(leadingTo('http://169.254.169.254/latest/meta-data/iam/'), forbidden(/169.254.169.254, a link-local address/))
  await t.rejects(leadingTo('//[fd00:ec2::254]/'), forbidden(/fd00:ec2::254/))
  await t.rejects(leadingTo('http://127.0.0.2/'), forbidden(/127.0.0.2/))
  await t.rejects(leadingTo('http://files.example.org/'), forbidden(/leads to 10.0.0.1, a private address/))
  await t.rejects(leadingTo('file:///etc/passwd'), forbidden(/redirects to file:.*only http and https/))
  await t.rejects(leadingTo('s3://bucket/key'), forbidden(/only http and https/))
  await t.rejects(leadingTo('gopher://127.0.0.1/'), forbidden(/only http and https/))
  await t.rejects(leadingTo('http://[nonsense/'), { code: 'source_unavailable', message: /redirects to/ })
})

t.test('five redirects are followed, each kind of them, and not a sixth', async (t) => {
  const kinds = [301, 302, 303, 307, 308]
  const { port, requests } = await startSite(t, ({ url }, response) => {
    const left = Number(url!.slice(1))
    if (left === 0) response.end('tarball')
    else response.writeHead(kinds[left % 5]!, { location: `/${left - 1}` }).end('moved')
  })
  const sources = sourcesFor({ hosts: ['127.0.0.1:*'] })

  const { stream, via } = await sources.open(`http://127.0.0.1:${port}/5`)

  t.equal(await textOf(stream), 'tarball')
  t.equal(via, `http://127.0.0.1:${port}/0`)
  t.match(await sources.probe(`http://127.0.0.1:${port}/5`), { via: `http://127.0.0.1:${port}/0` })
  await t.rejects(sources.open(`http://127.0.0.1:${port}/6`), { code: 'source_unavailable', message: /redirects more than 5 times/ })
  t.ok(requests.every(({ method }) => method === 'GET' || method === 'HEAD'))
})

t.test('a password stays with its host, its port and its scheme', async (t) => {
  const other = await startSite(t, (_request, response) => response.end('tarball'), { address: '127.0.0.2' })
  const { port, requests } = await startSite(t, ({ url }, response) => {
    const location =
      url === '/stay' ? '/stayed' : url === '/back' ? `http://intruder:known@127.0.0.1:${port}/stayed` : `http://127.0.0.2:${other.port}/`
    if (url === '/stayed') response.end('tarball')
    else response.writeHead(302, { location }).end()
  })
  const sources = sourcesFor({ hosts: ['127.0.0.1:*', '127.0.0.2:*'] })
  const authorization = `Basic ${Buffer.from('user:swordfish').toString('base64')}`

  for (const path of ['stay', 'leave', 'back']) await textOf((await sources.open(`dav://user:swordfish@127.0.0.1:${port}/${path}`)).stream)

  t.strictSame(
    requests.map(({ url, headers }) => [url, headers.authorization]),
    ['/stay', '/stayed', '/leave', '/back', '/stayed'].map((url) => [url, authorization])
  )
  t.strictSame(
    other.requests.map(({ headers }) => headers.authorization),
    [undefined]
  )
})

t.test('a proxy in the environment is not used', async (t) => {
  const proxy = await startSite(t, (_request, response) => response.end('by proxy'))
  const { port } = await startSite(t, (_request, response) => response.end('tarball'))
  const variables = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'NODE_USE_ENV_PROXY']
  const before = variables.map((name) => [name, process.env[name]] as const)
  for (const name of variables) process.env[name] = name.startsWith('NODE') ? '1' : `http://127.0.0.1:${proxy.port}`
  t.teardown(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })

  const { stream } = await sourcesFor({ hosts: ['127.0.0.1:*'] }).open(`http://127.0.0.1:${port}/x`)

  t.equal(await textOf(stream), 'tarball')
  t.strictSame(proxy.requests, [])
})
