import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startSite } from '../sources/sites.ts'
import { inChunks, oldDockerSave } from '../support/images.ts'
import { tar } from '../support/tar.ts'
import { startWithTarballs } from '../support/tarballs.ts'
import { command } from './in-process.ts'

const bytes = tar(oldDockerSave())
const inspect = (t: Test, args: string[], environment = {}) => command(t, { args: ['inspect', ...args], environment })

t.test('a tarball is inspected where it stands: by http, by dav with a password, and as a file', async (t) => {
  const site = await startSite(t, (request, response) => {
    const known = request.headers.authorization === `Basic ${Buffer.from('me:s3cret').toString('base64')}`
    response.writeHead(request.url === '/open.tar' || known ? 200 : 401).end(bytes)
  })
  const at = `127.0.0.1:${site.port}`
  writeFileSync(join(t.testdir(), 'hello.tar'), bytes)

  const open = await inspect(t, [`http://${at}/open.tar`, '--arch', 'x86_64'])
  const dav = await inspect(t, [`dav://me:s3cret@${at}/closed.tar`])
  const file = await inspect(t, [`file://${join(t.testdirName, 'hello.tar')}`, '--json'])

  t.match(open, { status: 0, stdout: /^MATCH/ })
  t.match(dav, { status: 0, stdout: new RegExp(`file +dav://\\*\\*\\*@${at}/closed.tar`) })
  t.notMatch(dav.stdout, 's3cret')
  t.equal(file.status, 0)
  t.equal(JSON.parse(file.stdout).verdict, 'match')
})

t.test('a redirect into the site is followed, but never to where clouds keep their metadata', async (t) => {
  const inside = await startSite(t, (_, response) => void response.end(bytes), { address: '127.0.0.2' })
  const site = await startSite(t, (request, response) => {
    const location = request.url === '/on.tar' ? `http://127.0.0.2:${inside.port}/x.tar` : 'http://169.254.169.254/latest'
    response.writeHead(302, { location }).end()
  })

  t.match(await inspect(t, [`http://127.0.0.1:${site.port}/on.tar`]), { status: 0, stdout: /^MATCH/ })
  t.match(await inspect(t, [`http://127.0.0.1:${site.port}/meta.tar`]), { status: 2, stderr: /nothing is ever read from there/ })
})

t.test('an image is inspected by the URL under which Leporello has it', async (t) => {
  const server = await startWithTarballs(t, { listen: true })
  await server.blobs.put('containers/hello.tar', inChunks(bytes))

  t.match(await inspect(t, [`${server.url}/storage/containers/hello.tar`]), { status: 0, stdout: /^MATCH/ })
})

t.test('what cannot be read says why, without the password', async (t) => {
  const { port } = await startSite(t, (request, response) => void response.writeHead(request.url === '/gone.tar' ? 404 : 500).end())

  t.match(await inspect(t, [`http://127.0.0.1:${port}/gone.tar`]), { status: 2, stderr: /does not exist \(404\)/ })
  t.match(await inspect(t, [`http://127.0.0.1:${port}/other.tar`]), { status: 69, stderr: /answered 500/ })
  const away = await inspect(t, ['http://me:s3cret@127.0.0.1:1/x.tar'])
  t.match(away, { status: 69, stderr: /could not be reached/ })
  t.notMatch(away.stderr, 's3cret')
  t.match(await inspect(t, ['ftp://127.0.0.1/x.tar']), { status: 2, stderr: /expected http, https, dav, davs, s3 or file/ })
  t.match(await inspect(t, ['file:///nowhere/x.tar']), { status: 2, stderr: /does not exist/ })
})
