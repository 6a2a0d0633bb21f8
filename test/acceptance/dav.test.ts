import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { type Leporello, startLeporello } from '../support/leporello.ts'
import { projectFolder } from '../support/project.ts'
import { runPython } from '../support/python.ts'
import { startS3 } from '../support/s3.ts'

const mega = 1024 * 1024

/** Where tarballs are: the clients see no difference. */
const places: Record<string, (t: Test) => Promise<Leporello>> = {
  async directory(t) {
    const server = await startLeporello()
    t.teardown(server.stop)
    return server
  },
  async s3(t) {
    const s3 = await startS3()
    t.teardown(s3.stop)
    const server = await startLeporello({ OBJECTS: 's3', S3_ENDPOINT: s3.url, S3_BUCKET: s3.bucket, S3_PATH_STYLE: 'true' })
    t.teardown(server.stop)
    return server
  }
}

async function scratch(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leporello-dav-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs a client to its end, with this on its standard input. */
function run(command: string, parameters: readonly string[], input: string | Buffer = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(command, parameters, { maxBuffer: 16 * mega, encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({
        code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1,
        stdout,
        stderr: stderr || (error?.message ?? '')
      })
    )
    child.stdin!.on('error', () => {}).end(input)
  })
}

async function writeLarge(path: string, megabytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'w')
  const block = randomBytes(mega)
  for (let i = 0; i < megabytes; i++) {
    block.writeUInt32LE(i)
    await file.write(block)
  }
  await file.close()
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

for (const [name, start] of Object.entries(places)) {
  t.test(`curl puts a file and a pipe, gets them whole, in parts and the rest of one (${name})`, async (t) => {
    const { url } = await start(t)
    const folder = await scratch(t)
    const [here, back] = [join(folder, 'here.tar'), join(folder, 'back.tar')]
    await writeLarge(here, 20)
    const curl = (...parameters: string[]) => run('curl', ['-sSf', '--max-time', '120', ...parameters])
    const at = `${url}/storage/containers/hello:v1.tar`

    t.match(await curl('-T', here, at), { code: 0, stdout: '' })
    t.match(await run('curl', ['-sSf', '-T', '-', `${url}/storage/piped`], await readFile(here)), { code: 0 })
    t.match(await curl('-T', here, `${url}/storage/in/folder/`), { code: 0 }, 'with a slash curl adds the name')
    for (const from of [at, `${url}/storage/piped`, `${url}/storage/in/folder/here.tar`]) {
      t.match(await curl('-o', back, from), { code: 0 })
      t.equal(await digest(back), await digest(here))
    }
    await truncate(back, 7_000_001)
    t.match(await curl('-C', '-', '-o', back, at), { code: 0 })
    t.equal(await digest(back), await digest(here), 'gone on with')
    t.match(await curl('-r', '1048576-1048579', '-o', back, at), { code: 0 })
    t.equal((await readFile(back)).readUInt32LE(), 1)
    t.match(await run('curl', ['-sS', '-T', here, `${at}/under`]), { stdout: 'containers/hello:v1.tar is a file, not a folder\n' })
    t.match(await run('curl', ['-sS', '-C', '100', '-T', here, at]), { stdout: /^Content-Range: a part of a file cannot be put here/ })
  })

  t.test(`rclone copies a tree with odd names and 200 MB up and down, and finds it the same (${name})`, async (t) => {
    const { url, pid } = await start(t)
    const folder = await scratch(t)
    const [tree, back] = [join(folder, 'tree'), join(folder, 'back')]
    const odd = ['sp ace', 'a&b<c>', 'per%20cent', 'q?uest#ion', `quo'te"s`, 'plus+;=', '日本', 'hello:v1.tar.gz', 'deep/er/ü#%?/y']
    for (const name of odd) {
      await mkdir(dirname(join(tree, 'a b', name)), { recursive: true })
      await writeFile(join(tree, 'a b', name), name)
    }
    await writeFile(join(tree, 'empty'), '')
    await writeLarge(join(tree, 'big.tar'), 200)
    const remote = ['--config', '/dev/null', '--webdav-url', `${url}/storage`, '--webdav-vendor', 'other', '--retries', '1']
    const rclone = (...parameters: string[]) => run('rclone', [...parameters, ...remote])

    t.match(await rclone('copy', tree, ':webdav:up'), { code: 0 })
    t.match(await rclone('copy', ':webdav:up', back), { code: 0 })
    t.match(await run('diff', ['-r', tree, back]), { code: 0, stdout: '' })
    const again = await rclone('copy', tree, ':webdav:up', '--size-only', '-v')
    t.match(again, { code: 0, stderr: /Checks:\s+11 \/ 11/ }, 'a second copy has nothing to do')
    await rm(join(tree, 'a b'), { recursive: true })
    t.match(await rclone('sync', tree, ':webdav:up', '--size-only'), { code: 0 })
    t.equal((await rclone('lsf', '-R', '--files-only', ':webdav:')).stdout, 'up/big.tar\nup/empty\n')

    const status = await readFile(`/proc/${pid()}/status`, 'utf8')
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024
    t.ok(peak < 300, `the server never took more than ${Math.round(peak)} MB`)
  })
}

t.test('what osaka sends under dav:// puts, finds, gets and removes, once easywebdav is mended', async (t) => {
  const server = await startLeporello()
  t.teardown(server.stop)
  const clients = join(projectFolder, 'test/acceptance/clients')

  const { code, lines, errors } = await runPython([join(projectFolder, 'examples/osaka-dav.py'), join(clients, 'dav.py'), server.url])

  if (errors) t.comment(errors.slice(-10_000))
  t.equal(code, 0)
  for (const line of lines) t.ok(line.startsWith('ok '), line.replace(/^(ok|FAIL) /, ''))
  t.equal(lines.length, 9)
})

t.test('container-met puts a tarball into S3, and registers where it stands', async (t) => {
  const s3 = await startS3()
  t.teardown(s3.stop)
  const server = await startLeporello()
  t.teardown(server.stop)
  const file = join(await scratch(t), 'container-hello-v1-arm64.tar')
  await writeLarge(file, 20)
  const environment = {
    ...process.env,
    LEPORELLO_S3_ENDPOINT: s3.url,
    LEPORELLO_S3_BUCKET: s3.bucket,
    LEPORELLO_S3_PATH_STYLE: 'true',
    LEPORELLO_OBJECTS: 's3'
  }
  const main = join(projectFolder, 'build/src/main.js')
  const parameters = ['container-met', 'hello:1', '1', '', `s3://${s3.bucket}/products`, 'sha256:0', `${server.url}/api/v0.1`, file]

  const ended = await new Promise<Ran>((resolve) =>
    execFile(process.execPath, [main, ...parameters], { env: environment }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, stdout, stderr })
    )
  )

  t.match(ended, { code: 0, stdout: `sha256:${await digest(file)}` })
  const resolved = await fetch(`${server.url}/container/resolve?id=hello:1&arch=aarch64&format=text`)
  t.equal(await resolved.text(), `s3://${s3.bucket}/products/container-hello-v1-arm64.tar\n`)
  const { openS3Blobs } = await import('../../src/blobs/s3/s3-blobs.ts')
  const store = await openS3Blobs({ bucket: s3.bucket, endpoint: s3.url, pathStyle: true })
  t.match(await store.head('products/container-hello-v1-arm64.tar'), { size: 20 * mega, sha256: await digest(file) })
  await store.close()
})
