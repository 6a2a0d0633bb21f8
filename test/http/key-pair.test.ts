import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { type KeyPairFiles, readKeyPair, watchKeyPair } from '../../src/http/key-pair.ts'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { localCertificate, nextCertificate } from '../support/certificate.ts'
import { eventually } from '../support/processes.ts'
import { startServer } from '../support/start-server.ts'

const authorities = [localCertificate.cert, nextCertificate.cert]

async function pairFiles(t: Test): Promise<KeyPairFiles> {
  const folder = temporaryDirectory(t)
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  await Promise.all([writeFile(files.cert, localCertificate.cert), writeFile(files.key, localCertificate.key)])
  return files
}

/** At once, so that nobody reads half of it. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

async function open(url: string): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ca: authorities })
  await once(socket, 'secureConnect')
  return socket
}

async function ask(socket: TLSSocket): Promise<string> {
  socket.write('GET /container/list HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  const [chunk] = await once(socket, 'data')
  return String(chunk).split('\r\n', 1)[0]!
}

t.test('a new certificate is for new connections, the old ones stay, and a broken pair changes nothing', async (t) => {
  const files = await pairFiles(t)
  const pair = await readKeyPair(files)
  const { app, url } = await startServer(t, { tls: pair, listen: true })
  const said: string[] = []
  const onRefused = ({ message }: Error) => said.push(message)
  t.teardown(watchKeyPair(app.server, { files, pair, everyMs: 20, onRenewed: () => said.push('renewed'), onRefused }))
  const told = (count: number) => eventually(async () => said.length >= count || undefined, { what: `${count} messages`, everyMs: 20 })
  const commonName = async () => {
    const socket = await open(url)
    const { subject } = socket.getPeerCertificate()
    socket.destroy()
    return subject.CN
  }
  const old = await open(url)
  t.equal(await ask(old), 'HTTP/1.1 200 OK')
  t.equal(await commonName(), '127.0.0.1')

  await replace(files.key, nextCertificate.key)
  await told(1)
  t.match(said[0], /cert\.pem and .*key\.pem are not a certificate and its private key in PEM, without a passphrase: \S/)
  t.notMatch(said[0], 'PRIVATE')
  t.equal(await commonName(), '127.0.0.1', 'half of a new pair')
  await replace(files.cert, nextCertificate.cert)
  await told(2)
  t.equal(said[1], 'renewed')
  t.equal(await commonName(), 'localhost')
  t.equal(await ask(old), 'HTTP/1.1 200 OK', 'over the connection from before')
  for (const [i, nothing] of ['', '-----BEGIN CERTIFICATE-----'].entries()) {
    await replace(files.cert, nothing)
    await told(3 + i)
    t.not(said[2 + i], 'renewed')
    t.equal(await commonName(), 'localhost', nothing)
  }
  old.destroy()
})

t.test('what a server with a certificate writes into records begins with https', async (t) => {
  const { url } = await startServer(t, { tls: await readKeyPair(await pairFiles(t)), listen: true, host: '0.0.0.0' })
  const socket = await open(url)
  const body = 'name=x&version=1&digest=d&urls={"arm64":"s3://b/x"}'

  socket.write(
    `POST /container/add HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  )
  await once(socket, 'data')
  socket.write('GET /container/info?id=x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  let answer = ''
  for await (const chunk of socket) answer += chunk

  t.match(answer, `"url": "${url}/unavailable/x/amd64"`)
})
