import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { localCertificate } from '../support/certificate.ts'
import { leporello } from './command-line.ts'

/** A server that signed its own certificate: a Mozart and a WebDAV server in one, which takes everything. */
async function startTlsServer(t: Test) {
  const requests: string[] = []
  const server = createServer(localCertificate, (request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim())
    request.resume().on('end', () => response.end('{"success": true, "result": {"url": "s3://images/hello.tar.gz"}}'))
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return { requests, host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const run = (t: Test, args: string[], environment = {}) => leporello(t, { args, environment }).ended

t.test('a command checks the certificate of its server, against the authorities of LEPORELLO_CA and --ca too', async (t) => {
  const { requests, host } = await startTlsServer(t)
  const folder = temporaryDirectory(t)
  const [ca, none] = [join(folder, 'ca.pem'), join(folder, 'none.pem')]
  await writeFile(ca, localCertificate.cert)
  const resolve = ['resolve', 'hello:1', '--url', `https://me:swordfish@${host}`]

  const refused = await run(t, resolve)
  const before = requests.length
  const byVariable = await run(t, resolve, { LEPORELLO_CA: ca })
  const byOption = await run(t, [...resolve, '--ca', ca])

  t.match(refused, { status: 69, stderr: /cannot be reached: self-signed certificate; name the certificate .* --ca or LEPORELLO_CA\n$/ })
  t.equal(before, 0, 'no password was sent')
  t.match([byVariable, byOption], [{ status: 0, stdout: 's3://images/hello.tar.gz\n' }, { status: 0 }])
  t.match(await run(t, [...resolve, '--ca', none]), {
    status: 64,
    stderr: /--ca names .*none\.pem, which does not exist; expected a PEM file/
  })
  t.match(await run(t, resolve, { LEPORELLO_CA: none }), { status: 1, stderr: /LEPORELLO_CA names .*none\.pem, which does not exist/ })
})

t.test('container-met checks certificates, unless it is told not to, which it says once', async (t) => {
  const { requests, host } = await startTlsServer(t)
  const folder = temporaryDirectory(t)
  const [product, ca] = [join(folder, 'hello-1.tar.gz'), join(folder, 'ca.pem')]
  await writeFile(product, 'tarball')
  await writeFile(ca, localCertificate.cert)
  const met = ['container-met', 'hello:1', '1', product, `davs://me:swordfish@${host}/x`, 'd', `https://${host}/api/v0.1`]

  const refused = await run(t, met)
  const before = requests.length
  const trusted = await run(t, [...met, '--ca', ca])
  const insecure = await run(t, [...met, '--insecure'])

  t.match(refused, { status: 69, stdout: '', stderr: /^\[ERROR\] 127.* cannot be reached: self-signed certificate; .*\n$/ })
  t.equal(before, 0, 'no password was sent')
  t.match(trusted, { status: 0, stderr: '' })
  t.match(insecure, { status: 0, stderr: /^leporello: --insecure: certificates are not checked.*\n$/ })
  const doctor = await run(t, ['doctor', '--url', 'http://127.0.0.1:1', '--storage', `davs://me:swordfish@${host}/x`, '--insecure'])
  t.match(doctor, { status: 69, stdout: /^ok {5}a tarball can be put at davs:\/\/\*\*\*@127\S+ and deleted$/m })
  t.match(requests[1], /^PUT \/x\/hello-1\.tar\.gz Basic /)
})
