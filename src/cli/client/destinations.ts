import { createReadStream } from 'node:fs'
import { copyFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sealOf } from '../../backup/line-files.ts'
import type { Objects } from '../../config/config.ts'
import { whyUnreadable } from '../../config/files.ts'
import { percentDecoded } from '../../domain/percent.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { makeFolder, openBlobs, using } from '../../opening.ts'
import { type HttpAnswer, parseUrl, send, type Trust, unreachable } from './http-client.ts'

/** A file to upload. Its digest is computed beforehand, so that every destination can compare what it received. */
export type LocalFile = { path: string; size: number; sha256: string }

/** What an upload needs to know beyond the URL: which S3 server `s3://bucket/key` means, and whose certificates are accepted. */
export type DestinationSettings = { objects: Objects; trust: Trust }

/** Reads a file once. Throws when it is not a regular file. */
export async function describeFile(path: string): Promise<LocalFile> {
  await sizeOfTarball(path)
  return { path, ...(await sealOf(path)) }
}

/** Returns how many bytes a file has. Throws when it is not a regular file. */
export async function sizeOfTarball(path: string): Promise<number> {
  const found = await stat(path).catch((error) => {
    throw new Error(`${path} ${whyUnreadable(error)}; expected a tarball`)
  })
  if (found.isFile()) return found.size
  throw new Error(`${path} is not a file; expected a tarball`)
}

/** Uploads a file to a path or a file:, s3:, dav:, davs:, http: or https: URL, as osaka understands them. */
export async function upload(file: LocalFile, url: string, { objects, trust }: DestinationSettings): Promise<void> {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url) ?? []
  if (scheme === undefined) return toPath(file, url)
  if (/^file$/i.test(scheme)) return toPath(file, percentDecoded(parseUrl(url).pathname))
  if (/^s3s?$/i.test(scheme)) return toS3(file, s3Destination(url, objects))
  if (/^davs?$/i.test(scheme)) return toDav(file, url.replace(/^dav/i, 'http'), trust)
  if (/^https?$/i.test(scheme)) return toHttp(file, url, trust)
  throw new Error(`tarballs cannot be uploaded to ${scheme}://; expected a path, s3://, dav://, davs://, http:// or https://`)
}

async function toPath({ path }: LocalFile, target: string): Promise<void> {
  await makeFolder(dirname(target))
  const part = `${target}.part-${process.pid}`
  try {
    await copyFile(path, part)
    await rename(part, target)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** Creates the folders, then puts the file. osaka deletes an old file first; a PUT replaces it without a moment in which there is none. */
async function toDav(file: LocalFile, url: string, trust: Trust): Promise<void> {
  const { origin, pathname } = parseUrl(url)
  const folders = pathname.split('/').slice(1, -1)
  for (let i = 1; i <= folders.length; i++) {
    const folder = Object.assign(parseUrl(url), { pathname: `/${folders.slice(0, i).join('/')}/`, search: '' })
    // 405 is a folder that exists, and folders above the server's root may answer anything: the PUT decides
    const { status } = await send(folder.href, { method: 'MKCOL', trust })
    if (status === 401 || status >= 500) throw new Error(`${origin} answered MKCOL with ${status}`)
  }
  return toHttp(file, url, trust)
}

async function toHttp({ path, size, sha256 }: LocalFile, url: string, trust: Trust): Promise<void> {
  const headers = {
    'content-length': String(size),
    'content-type': 'application/octet-stream',
    'content-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
  }
  const stream = () => createReadStream(path, { highWaterMark: 256 * 1024 })
  const put = await send(url, { method: 'PUT', headers, stream, trust })
  if (put.status !== 200 && put.status !== 201 && put.status !== 204) throw refusal(`PUT ${url}`, put)
  const head = await send(url, { method: 'HEAD', trust })
  if (head.status !== 200) throw refusal(`HEAD ${url}, after its PUT,`, head)
  const length = head.headers['content-length']
  if (length !== undefined && Number(length) !== size) {
    throw new Error(`${maskSecrets(url)} has ${length} bytes after the upload; ${size} were sent`)
  }
}

/** Deletes what `upload` has put at a URL. */
export async function removeUploaded(url: string, { objects, trust }: DestinationSettings): Promise<void> {
  if (/^s3s?:/i.test(url)) {
    const destination = s3Destination(url, objects)
    await using(openBlobs(destination), (blobs) => blobs.remove(destination.key))
  } else if (/^(?:davs?|https?):/i.test(url)) {
    const answer = await send(url.replace(/^dav/i, 'http'), { method: 'DELETE', trust })
    if (answer.status >= 300) throw refusal(`DELETE ${url}`, answer)
  } else {
    await rm(/^file:/i.test(url) ? percentDecoded(parseUrl(url).pathname) : url)
  }
}

export const refusal = (request: string, { status, text }: HttpAnswer): Error =>
  new Error(`${maskSecrets(request)} was answered ${status}${text ? `: ${maskSecrets(text.trim().slice(0, 500))}` : ''}`)

type S3Destination = { objects: Extract<Objects, { kind: 's3' }>; key: string }

/**
 * `s3://bucket/key`, at the server that LEPORELLO_S3_ENDPOINT names or else Amazon's; osaka's `s3://s3-us-west-2.amazonaws.com/bucket/key`;
 * `s3://[key:secret@]host:port/bucket/key`, over https as osaka does.
 */
export function s3Destination(url: string, configured: Objects): S3Destination {
  // not by URL: a key is taken literally, with its percent signs
  const [, login, host = '', path = ''] = /^s3s?:\/\/(?:([^@/]*)@)?([^/]*)\/?(.*)$/i.exec(url) ?? []
  const [hostname = '', port] = host.split(':')
  const [, region] = /^s3[.-](?:dualstack\.)?([a-z0-9-]+)\.amazonaws\.com$/.exec(hostname) ?? []
  const amazon = region !== undefined || hostname === 's3.amazonaws.com'
  const [accessKeyId = '', secretAccessKey = ''] = login?.split(':').map(percentDecoded) ?? []
  const credentials = login !== undefined && { credentials: { accessKeyId, secretAccessKey } }
  if (!amazon && port === undefined) {
    const { region, endpoint, pathStyle = false } = configured as Partial<S3Destination['objects']>
    const place = { ...(region && { region }), ...(endpoint && { endpoint }), pathStyle }
    return named({ kind: 's3', bucket: hostname, prefix: '', ...place, ...credentials }, path)
  }
  const [bucket = '', ...key] = path.split('/')
  const place = amazon ? { region: region ?? 'us-east-1' } : { endpoint: `https://${host}` }
  return named({ kind: 's3', bucket, prefix: '', pathStyle: true, ...place, ...credentials }, key.join('/'))

  function named(objects: S3Destination['objects'], key: string): S3Destination {
    if (objects.bucket !== '' && key !== '') return { objects, key }
    throw new Error(`${maskSecrets(url)} does not name a bucket and a key; expected s3://bucket/key or s3://host/bucket/key`)
  }
}

async function toS3({ path, size, sha256 }: LocalFile, { objects, key }: S3Destination): Promise<void> {
  const bytes = () => createReadStream(path, { highWaterMark: 256 * 1024 })
  await using(openBlobs({ objects }), (blobs) => blobs.put(key, bytes(), { expected: { size, sha256 } })).catch((error) => {
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException }
    // codes such as ECONNREFUSED say that there was no answer; those of S3's refusals are not in capitals
    throw /^E[A-Z]+$/.test(cause?.code ?? '') ? Object.assign(new Error(message, { cause }), { code: unreachable }) : error
  })
}
