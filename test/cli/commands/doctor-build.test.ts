import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import t from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { codesOf, listen } from '../doctor.ts'
import { serve } from '../served.ts'

t.test('doctor finds what the job of a build was not told, and tries what it was', async (t) => {
  const { run, url } = await serve(t)
  const storage = temporaryDirectory(t)
  const build = async (environment: Record<string, string>) => {
    const { status, stdout } = await run(['doctor', '--build', '--json'], environment)
    return { status, value: JSON.parse(stdout) }
  }

  const nothing = await build({ STORAGE_URL: ' ' })
  const all = await build({ LEPORELLO_URL: 'http://127.0.0.1:1', MOZART_REST_URL: `${url}/api/v0.1`, STORAGE_URL: storage })

  t.equal(nothing.status, 1)
  t.match(nothing.value.findings, [
    { code: 'argument_missing', message: /^MOZART_REST_URL is not set/, meaning: /Metadata requires: ident version/ },
    { code: 'argument_missing', message: /^STORAGE_URL is not set/ }
  ])
  t.match(all, { status: 0, value: { server: url, ok: true, findings: [] } })
  t.strictSame(readdirSync(storage), [])
})

t.test('doctor finds a storage that refuses, one where no folder can be made, and one that says nothing at all', async (t) => {
  const { run } = await serve(t)
  const refusing = await listen(
    t,
    createServer((_, response) => response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'))
  )
  const silent = await listen(t, createServer())
  const s3 = {
    LEPORELLO_S3_ENDPOINT: refusing,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    LEPORELLO_OBJECTS: 's3',
    LEPORELLO_S3_BUCKET: 'any',
    LEPORELLO_S3_REGION: 'us-east-1'
  }
  const storage = async (place: string, { environment = {}, patience = [] as string[] } = {}) => {
    const { status, stdout } = await run(['doctor', '--json', '--storage', place, ...patience], environment)
    return { status, findings: JSON.parse(stdout).findings }
  }
  const finding = (message: RegExp) => ({ status: 1, findings: [{ code: 'storage_not_writable', message, meaning: /Upload fails to S3/ }] })

  t.match(await storage('s3://bucket/containers', { environment: { ...s3, LEPORELLO_S3_PATH_STYLE: 'true' } }), finding(/^s3:.*\(403\)/))
  t.match(await storage('/proc/leporello/containers'), finding(/ENOENT|EACCES/))
  t.match(await storage(silent.replace('http', 'dav'), { patience: ['--patience', '1'] }), finding(/it did not answer within 1 s/))
})

t.test("doctor finds a bucket that the server's credentials may not write to", async (t) => {
  const refusing = await listen(
    t,
    createServer((_, response) => response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'))
  )
  const bucket = {
    LEPORELLO_S3_ENDPOINT: refusing,
    LEPORELLO_S3_BUCKET: 'images',
    LEPORELLO_S3_REGION: 'us-east-1',
    LEPORELLO_S3_PATH_STYLE: 'true'
  }
  const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'swordfish' }
  const { json } = await serve(t, { LEPORELLO_OBJECTS: 's3', ...bucket, ...keys })

  const { status, stdout, value } = await json(['doctor', '--write'])

  t.equal(status, 1)
  t.ok(codesOf(value).includes('bucket_not_writable'))
  t.notMatch(stdout, /swordfish/)
})
