import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { dockerCredentials } from '../../src/registries/docker-credentials.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

function configured(t: Test, config: unknown) {
  const folder = temporaryDirectory(t)
  writeFileSync(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  return dockerCredentials(folder)
}

t.test("credentials are found as docker's configuration has them", async (t) => {
  const find = configured(t, {
    auths: {
      'a.example.org:5000': { auth: base64('me:pa:ss\0') },
      'https://b.example.org/v1/': { auth: base64('me:x'), identitytoken: 'refresh' },
      'https://index.docker.io/v1/': { username: 'hub', password: 'p' },
      'c.example.org': {}
    }
  })

  t.strictSame(await find('a.example.org:5000'), { username: 'me', password: 'pa:ss' })
  t.strictSame(await find('b.example.org'), { identityToken: 'refresh' })
  t.strictSame(await find('docker.io'), { username: 'hub', password: 'p' })
  t.equal(await find('c.example.org'), undefined)
  t.equal(await find('a.example.org'), undefined)
  t.equal(await dockerCredentials('/nowhere')('a.example.org'), undefined)
})

t.test('what is wrong with the configuration is said without its secrets', async (t) => {
  const broken = await configured(t, '{"auths":{"a":{"auth":"c2VjcmV0')
    .call(null, 'a')
    .catch(({ message }) => message)
  const odd = await configured(t, { auths: { a: { auth: base64('secret') } } })
    .call(null, 'a')
    .catch(({ message }) => message)

  t.match(broken, /config\.json is not JSON; mend it, or sign in again/)
  t.match(odd, /auth of a in .*config\.json is not USER:PASSWORD in base64; sign in again with docker login a/)
  t.notMatch(broken + odd, /c2VjcmV0|secret/)
})

t.test('a credential helper is asked for the registries that are its own', async (t) => {
  const folder = temporaryDirectory(t)
  const helper = (name: string, script: string) => {
    writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\nread server\n${script}\n`)
    chmodSync(join(folder, `docker-credential-${name}`), 0o755)
  }
  helper(
    'store',
    `case "$server" in known*) echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$1-$server\\"}";; *) echo 'credentials not found in native keychain'; exit 1;; esac`
  )
  helper('broken', `echo '{"Secret":"hunter2"'; exit 3`)
  helper('odd', `echo '{"Secret":"hunter2"'`)
  const path = process.env['PATH']
  process.env['PATH'] = `${folder}:${path}`
  t.teardown(() => {
    process.env['PATH'] = path
  })
  const find = configured(t, {
    credsStore: 'store',
    credHelpers: { b: 'broken', o: 'odd', n: 'not-there', p: '../sh' },
    auths: { unknown: { auth: base64('me:x') } }
  })

  t.strictSame(await find('known.example.org'), { identityToken: 'get-known.example.org' })
  t.strictSame(await find('unknown'), { username: 'me', password: 'x' })
  for (const [host, message] of [
    ['b', /docker-credential-broken, which .* names for b, failed \(status 3\)/],
    ['o', /did not answer with Username and Secret/],
    ['n', /is not installed, or not in PATH/],
    ['p', /credential helper "\.\.\/sh", which is no program's name/]
  ] as const) {
    const said = await find(host).catch((error) => error.message)
    t.match(said, message)
    t.notMatch(said, /hunter2/)
  }
})
