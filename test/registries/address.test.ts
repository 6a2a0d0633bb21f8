import t from 'tap'
import { parseRegistryAddress, repositoryAt } from '../../src/registries/address.ts'
import { parseChallenge } from '../../src/registries/tokens.ts'

const addresses: [text: string, plainHttp: boolean, base: string, host: string][] = [
  ['Registry.example.org', false, 'https://registry.example.org/', 'registry.example.org'],
  ['registry.example.org:5000/a/b/', false, 'https://registry.example.org:5000/', 'registry.example.org:5000'],
  ['registry.example.org:5000', true, 'http://registry.example.org:5000/', 'registry.example.org:5000'],
  ['localhost:5000', false, 'http://localhost:5000/', 'localhost:5000'],
  ['[::1]:5000', false, 'http://[::1]:5000/', '[::1]:5000'],
  ['https://localhost:443', false, 'https://localhost/', 'localhost:443'],
  ['docker.io/tripleo', false, 'https://registry-1.docker.io/', 'docker.io']
]
t.test('a registry is named by its host, and http is for this machine', (t) => {
  for (const [text, plainHttp, base, host] of addresses) {
    const address = parseRegistryAddress(text, { plainHttp })
    t.strictSame([String(address.base), address.host], [base, host], text)
  }
  for (const text of ['', '/x', 'user:pw@host', 'a b', 'host?x', 'host/UPPER', 'host:port', 'http://registry.example.org']) {
    t.throws(() => parseRegistryAddress(text, { plainHttp: false }), { name: 'CatalogueError' }, text)
  }
  t.end()
})

const repositories: [address: string, listed: string, repository: string][] = [
  ['r.example.org', 'quay.example.org/tripleo/nova', 'tripleo/nova'],
  ['r.example.org/mirror', 'localhost:5000/tripleo/nova', 'mirror/tripleo/nova'],
  ['r.example.org/tripleo', 'tripleo/nova', 'tripleo/nova'],
  ['docker.io', 'debian', 'library/debian']
]
t.test('the registry takes the place of the one that a list names', (t) => {
  for (const [address, listed, repository] of repositories) {
    t.equal(repositoryAt(parseRegistryAddress(address, { plainHttp: false }), listed), repository)
  }
  t.end()
})

t.test('challenges are read as servers write them', (t) => {
  const cases: [string | string[] | undefined, unknown][] = [
    [undefined, undefined],
    ['Negotiate', undefined],
    ['Basic realm="Bearer of news"', { scheme: 'basic' }],
    ['bearer realm="https://a/token",service="s"', { scheme: 'bearer', realm: 'https://a/token', service: 's' }],
    [['Basic realm="x"', 'Bearer realm=https://a/token'], { scheme: 'bearer', realm: 'https://a/token', service: undefined }],
    ['Bearer error="x"', undefined]
  ]
  for (const [header, challenge] of cases) t.strictSame(parseChallenge(header), challenge, String(header))
  t.end()
})
