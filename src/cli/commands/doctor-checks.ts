import { randomBytes } from 'node:crypto'
import { type Diagnosis, diagnosis } from '../../domain/container/diagnosis.ts'
import { isGuardUrl } from '../../domain/image/guard.ts'
import { readImages } from '../../domain/image/urls.ts'
import { readJson } from '../../domain/json/json.ts'
import type { ReadyReport } from '../../schemas.ts'
import { type Api, type ApiError, openApi, pathOf } from '../client/api.ts'
import { unreachable } from '../client/http-client.ts'

const wrong = diagnosis('wrong', null)
const note = diagnosis('note', null)

/** Who answers, whether its stores are well, and whether container routes come to it too. Throws when nobody does. */
export async function serverFindings(api: Api): Promise<{ leporello: boolean; findings: Diagnosis[] }> {
  const version = await api.answer({ path: '/version', statuses: anyRefusal }).catch(notJson)
  const leporello = version?.status === 200 && typeof (version.value as { store?: unknown })?.store === 'string'
  return { leporello, findings: leporello ? [...(await readiness(api)), ...(await routes(api))] : await notLeporello(api) }
}

const anyRefusal = [301, 302, 307, 308, 400, 401, 403, 404, 405, 500]

/** Whatever it is, it does not speak JSON. */
const notJson = (error: ApiError): undefined => {
  if (error.code === unreachable) throw error
}

async function readiness(api: Api): Promise<Diagnosis[]> {
  const { value } = await api.answer({ path: '/health/ready', statuses: [503] })
  const { checks } = value as ReadyReport
  return Object.entries(checks).flatMap(([name, { ok, reason }]) => {
    if (ok) return []
    const message = `${name}: ${reason}`
    return name === 'objects'
      ? wrong('bucket_not_writable', { message, ...words.bucket })
      : wrong('store_unavailable', {
          message,
          meaning: 'Nothing can be registered or resolved.',
          advice: 'Look at the search engine, or at the disk of the embedded store: the reason says which.'
        })
  })
}

const words = {
  bucket: {
    meaning: 'Tarballs cannot be kept: uploads fail.',
    advice:
      "Give the server's credentials (AWS_*) write access to the bucket, or its user the right to write in the directory; see LEPORELLO_OBJECTS."
  }
}

/** A route that Mozart has not: a proxy that sends container routes elsewhere shows. */
async function routes(api: Api): Promise<Diagnosis[]> {
  const { status } = await api.answer({ path: '/api/v0.1/container/resolve', statuses: [400, 404] })
  if (status === 400) return []
  return [
    wrong('routes_elsewhere', {
      message: `${api.url} is Leporello, but its container routes are answered by another server`,
      meaning: 'What builders register and workers ask for goes to a Mozart of old.',
      advice: 'Look at the proxy in front: /api/v0.1/container/ and /api/v0.2/container must come to Leporello (examples/nginx.conf).'
    })
  ]
}

async function notLeporello(api: Api): Promise<Diagnosis[]> {
  const path = '/api/v0.1/container/info'
  const info = await api.answer({ path, query: { id: 'leporello-doctor' }, statuses: anyRefusal }).catch(notJson)
  if (typeof (info?.value as { success?: unknown })?.success === 'boolean') {
    return [
      note('server_is_mozart', {
        message: `${api.url} is a Mozart, not Leporello`,
        meaning: 'It gives no machine the image of its architecture, and an old one drops urls when a container is registered.',
        advice: 'Try it with --write; send container routes to Leporello instead (README, "Switching a live cluster over").'
      })
    ]
  }
  return [
    wrong('server_unknown', {
      message: `what answers at ${api.url} is neither Leporello nor a Mozart`,
      meaning: 'Builds fail at registration.',
      advice: 'Compare the address with MOZART_REST_URL; it is often that of another service, or lacks a prefix such as /mozart.'
    })
  ]
}

/** Whether machines asked for a container without saying what they are. */
export async function oldWorkers(api: Api): Promise<Diagnosis[]> {
  let asked = 0
  for await (const line of api.lines({ path: '/metrics' })) {
    const [, name, labels = '', value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? []
    if (name === 'leporello_resolves_total') asked -= Number(value)
    const counted = name === 'leporello_http_request_duration_seconds_count' && /status="(?:200|404|409)"/.test(labels)
    if (counted && /method="GET"/.test(labels) && /route="[^"]*\/container(?:\/info|\/resolve)?"/.test(labels)) asked += Number(value)
  }
  if (asked <= 0) return []
  return [
    note('asked_without_arch', {
      message: `since it started, the server was asked ${asked} times for a container without arch`,
      meaning:
        'Whoever asks so is given the whole record. A worker of old then takes url, whatever machine it is on; HySDS and people may ask so too.',
      advice:
        'Update HySDS on the workers and restart them. Until then LEPORELLO_GUARD=amd64,arm64 lets them fail at download, with a reason.'
    })
  ]
}

/** Registers a container of our own as the builder does, reads it and removes it; a tarball the same. */
export async function writeFindings(api: Api, { leporello }: { leporello: boolean }): Promise<Diagnosis[]> {
  const id = `leporello-doctor:${randomBytes(6).toString('hex')}`
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-reason': 'leporello doctor' }
  const url = 's3://leporello-doctor/none.tar.gz'
  const body = new URLSearchParams({ name: id, version: '1', digest: 'sha256:0', url, urls: JSON.stringify({ x86_64: url, amd64: url }) })
  const findings: Diagnosis[] = []
  try {
    await api.ask({ method: 'POST', path: '/api/v0.1/container/add', headers, body: body.toString() })
    const { result } = await api.ask<{ result: { urls?: string } }>({ path: '/api/v0.1/container/info', query: { id, arch: 'x86_64' } })
    if (result.urls === undefined) findings.push(urlsDropped(api))
    await api.ask({ path: '/api/v0.1/container/remove', query: { id }, headers })
  } catch (error) {
    if ((error as ApiError).code === unreachable) throw error
    findings.push(notRegistered(error as ApiError))
  }
  return leporello ? [...findings, ...(await tarballFindings(api))] : findings
}

const urlsDropped = (api: Api) =>
  wrong('urls_dropped', {
    message: `${api.url} drops urls: a container was registered with it, and stands there without`,
    meaning: 'It is a Mozart of old. Every container that is registered there is given to all machines as x86_64.',
    advice: 'Let builders register with Leporello (MOZART_REST_URL), or update this Mozart.'
  })

const notRegistered = ({ message, problem, status }: ApiError) =>
  wrong('not_writable', {
    message: `a container could not be registered and read back: ${message}`,
    meaning: 'Builds fail at registration.',
    advice:
      status === 403 || problem?.code === 'forbidden'
        ? 'LEPORELLO_POLICY is read-only: set it to open when the switch is done.'
        : "Look at the server's log for this request."
  })

async function tarballFindings(api: Api): Promise<Diagnosis[]> {
  const path = pathOf`/storage/leporello-doctor/${randomBytes(6).toString('hex')}.tar`
  try {
    await api.answer({ method: 'PUT', path, body: 'leporello doctor', headers: { 'content-type': 'application/octet-stream' } })
    await api.answer({ method: 'DELETE', path })
    // others may be at it at the same time
    await api.answer({ method: 'DELETE', path: '/storage/leporello-doctor/', statuses: [404, 409] })
    return []
  } catch (error) {
    if ((error as ApiError).code === unreachable) throw error
    return [
      wrong('bucket_not_writable', { message: `a tarball could not be put and deleted: ${(error as Error).message}`, ...words.bucket })
    ]
  }
}

/**
 * A record as it stands; undefined where there is none. Leporello is asked as operators ask it: info without arch is what workers of old
 * ask, and they are counted.
 */
export async function documentOf(id: string, { api, leporello }: { api: Api; leporello: boolean }): Promise<string | undefined> {
  if (leporello) {
    const { status, text } = await api.answer({ path: pathOf`/containers/_doc/${id}`, statuses: [404] })
    if (status === 200) return readJson(text).members.get('_source')
    if (readJson(text).members.has('found')) return undefined
  }
  const { status, text } = await api.answer({ path: '/api/v0.1/container/info', query: { id }, statuses: [404] })
  return status === 404 ? undefined : readJson(text).members.get('result')
}

/** Images that can be looked for from here, and are not there. Those in buckets are the server's to look for. */
export async function deadUrls(id: string, { urls }: { urls?: unknown }): Promise<Diagnosis[]> {
  const images = [...readImages(JSON.stringify(urls))].filter(([, url]) => /^(?:https?|davs?):\/\//i.test(url) && !isGuardUrl(url))
  const found = images.map(async ([architecture, url]) => {
    const address = url.replace(/^dav/i, 'http')
    if (!URL.canParse(address))
      return [dead(`the image for ${architecture} cannot be reached from here: this is no URL: ${url}`, architecture)]
    const { origin, pathname, search, username, password } = new URL(address)
    const login = username ? `${username}:${password}@` : ''
    const at = openApi(origin.replace('://', `://${login}`))
    try {
      const { status } = await at.answer({ method: 'HEAD', path: pathname + search, statuses: [404, 410], timeoutMs: 10_000 })
      return status < 400 ? [] : [dead(`the image for ${architecture} is not there (${status}): ${url}`, architecture)]
    } catch (error) {
      const { status, cause, message } = error as ApiError & { cause?: Error }
      // it is there, and wants something that we do not have
      if (status !== undefined && status < 500) return []
      return [dead(`the image for ${architecture} cannot be reached from here: ${cause?.message ?? message}: ${url}`, architecture)]
    }
  })
  return (await Promise.all(found)).flat()

  function dead(message: string, architecture: string): Diagnosis {
    return diagnosis('wrong', id)('url_dead', {
      architecture,
      message,
      meaning: 'Workers fail at download.',
      advice: `Upload the tarball again, or take the image away: leporello rm ${id} --arch ${architecture}.`
    })
  }
}
