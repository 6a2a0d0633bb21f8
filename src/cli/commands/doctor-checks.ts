import { randomBytes } from 'node:crypto'
import { type Diagnosis, diagnosis } from '../../domain/container/diagnosis.ts'
import { tokenCommand } from '../../domain/policy.ts'
import type { AccessReport, ArchitecturesAnswer, ReadyReport } from '../../schemas.ts'
import { type Api, type ApiError, findContainer, pathOf } from '../client/api.ts'
import { unreachable } from '../client/http-client.ts'

const wrong = diagnosis('wrong', null)
const note = diagnosis('note', null)

/** Whether a Leporello answers. Throws when nothing does. */
export async function isLeporello(api: Api): Promise<boolean> {
  const version = await api.answer({ path: '/version', statuses: anyRefusal }).catch(notJson)
  return version?.status === 200 && typeof (version.value as { store?: unknown })?.store === 'string'
}

const anyRefusal = [301, 302, 307, 308, 400, 401, 403, 404, 405, 500]

/** An answer that is not JSON counts as none. */
const notJson = (error: ApiError): undefined => {
  if (error.code === unreachable) throw error
}

/** Whether the server's stores work. */
export async function readiness(api: Api): Promise<Diagnosis[]> {
  const { value } = await api.answer({ path: '/health/ready', statuses: [503] })
  const { checks } = value as ReadyReport
  return Object.entries(checks).flatMap(([name, { ok, reason }]) => {
    if (ok) return []
    const message = `${name}: ${reason}`
    return name === 'objects'
      ? wrong('bucket_not_writable', { message, ...bucketWords })
      : wrong('store_unavailable', {
          message,
          meaning: 'Nothing can be registered or resolved.',
          advice: 'Check the search engine, or the disk of the embedded store: the reason says which.'
        })
  })
}

const bucketWords = {
  meaning: 'Uploads fail.',
  advice:
    "Give the server's credentials (AWS_*) write access to the bucket, or its user write access to the directory; see LEPORELLO_OBJECTS."
}

/** Asks for a route that only Leporello has, to find a proxy that sends container routes elsewhere. */
export async function routes(api: Api): Promise<Diagnosis | undefined> {
  const { status } = await api.answer({ path: '/api/v0.1/container/resolve', statuses: [400, 404] })
  if (status === 400) return undefined
  return wrong('routes_elsewhere', {
    message: `${api.url} is Leporello, but its container routes are answered by another server`,
    meaning: 'What builders register and what workers ask for goes to an old Mozart.',
    advice: 'Check the proxy in front: /api/v0.1/container/ and /api/v0.2/container must go to Leporello (examples/nginx.conf).'
  })
}

/** What a server is that is not Leporello. */
export async function mozartFinding(api: Api): Promise<Diagnosis> {
  const path = '/api/v0.1/container/info'
  const info = await api.answer({ path, query: { id: 'leporello-doctor' }, statuses: anyRefusal }).catch(notJson)
  if (typeof (info?.value as { success?: unknown })?.success === 'boolean') {
    return note('server_is_mozart', {
      message: `${api.url} is a Mozart, not Leporello`,
      meaning: 'It does not select images by architecture, and an old one drops urls when a container is registered.',
      advice: 'Try it with --write; send container routes to Leporello instead (README, "Switching a live cluster over").'
    })
  }
  return wrong('server_unknown', {
    message: `what answers at ${api.url} is neither Leporello nor Mozart`,
    meaning: 'Builds fail at registration.',
    advice: 'Compare the address with MOZART_REST_URL: often it is that of another service, or lacks a prefix such as /mozart.'
  })
}

/** Whether machines asked for a container without saying what architecture they have. */
export async function oldWorkers(api: Api): Promise<Diagnosis | undefined> {
  let asked = 0
  for await (const line of api.lines({ path: '/metrics' })) {
    const [, name, labels = '', value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? []
    if (name === 'leporello_resolves_total') asked -= Number(value)
    const counted = name === 'leporello_http_request_duration_seconds_count' && /status="(?:200|404|409)"/.test(labels)
    if (counted && /method="GET"/.test(labels) && /route="[^"]*\/container(?:\/info|\/resolve)?"/.test(labels)) asked += Number(value)
  }
  if (asked <= 0) return undefined
  return note('asked_without_arch', {
    message: `since it started, the server was asked ${asked === 1 ? 'once' : `${asked} times`} for a container without arch`,
    meaning:
      'Such a request gets the whole record. An old worker then takes url, whatever machine it is on; HySDS and people may ask like that, too.',
    advice:
      'Update HySDS on the workers and restart them. Until then LEPORELLO_GUARD=amd64,arm64 lets them fail at download, with a reason.'
  })
}

/** Registers a container of our own as the builder does, reads it back and removes it. */
export async function tryRegistering(api: Api): Promise<Diagnosis[]> {
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
  return findings
}

const urlsDropped = (api: Api) =>
  wrong('urls_dropped', {
    message: `${api.url} drops urls: a container that was registered with urls has none`,
    meaning: 'It is an old Mozart. It gives the x86_64 image of every container to all machines.',
    advice: 'Let builders register with Leporello (MOZART_REST_URL), or update this Mozart.'
  })

const notRegistered = ({ message, problem, status }: ApiError) =>
  wrong('not_writable', {
    message: `a container could not be registered and read back: ${message}`,
    meaning: 'Builds fail at registration.',
    advice:
      status === 401
        ? `Set LEPORELLO_TOKEN, or put the token into MOZART_REST_URL as its password: ${tokenCommand('register')}`
        : status === 403 || problem?.code === 'forbidden'
          ? 'Take a token that permits it; or, where LEPORELLO_POLICY is read-only, wait until the switch-over is done.'
          : "Look at the server's log for this request."
  })

/** Puts a small tarball into the server's store and deletes it. */
export async function tryTarball(api: Api): Promise<Diagnosis | undefined> {
  const path = pathOf`/storage/leporello-doctor/${randomBytes(6).toString('hex')}.tar`
  try {
    await api.answer({ method: 'PUT', path, body: 'leporello doctor', headers: { 'content-type': 'application/octet-stream' } })
    await api.answer({ method: 'DELETE', path })
    // the folder holds the files of other doctors that run at the same time
    await api.answer({ method: 'DELETE', path: '/storage/leporello-doctor/', statuses: [404, 409] })
    return undefined
  } catch (error) {
    if ((error as ApiError).code === unreachable) throw error
    return wrong('bucket_not_writable', { message: `a tarball could not be put and deleted: ${(error as Error).message}`, ...bucketWords })
  }
}

/** How many containers of an architecture are checked, the most often refused ones first. */
const maxContainers = 20

/** Containers that machines of an architecture were refused, and that still have no image for it: any, or those in `ids`. */
export async function demandFindings(api: Api, ids?: readonly string[]): Promise<Diagnosis[]> {
  const { status, value } = await api.answer({ path: '/api/v1/architectures', query: { days: 7 }, statuses: [503] })
  // the check of the server's readiness reports what is wrong with the store
  if (status === 503) return []
  const { since, architectures } = value as ArchitecturesAnswer
  const found: Diagnosis[] = []
  for (const { architecture, lacking } of architectures) {
    const chosen = ids ? lacking.filter(({ container }) => ids.includes(container)) : lacking.slice(0, maxContainers)
    for (const { container, refused } of chosen) {
      const images = (await findContainer(api, container))?.images ?? {}
      // a container without images gives every machine its url
      if (Object.keys(images).length === 0 || Object.hasOwn(images, architecture)) continue
      const times = refused === 1 ? 'once' : `${refused} times`
      found.push(
        diagnosis('note', container)('asked_for_in_vain', {
          architecture,
          message: `since ${since} machines asked ${times} for an image for ${architecture}, and there is none`,
          meaning: 'Jobs for this container cannot run on such machines.',
          advice: `Build the image, and make it show as missing until then: leporello expect ${container} … ${architecture}; or keep such machines away from its jobs.`
        })
      )
    }
  }
  return found
}

/** Checks which identity the server sees, what it and anonymous clients may do, and whether the token is valid. `words` describe what passed. */
export async function checkAccess(api: Api): Promise<{ findings: Diagnosis[]; words: string; mayRead: boolean }> {
  const { status, value } = await api.answer({ path: '/api/v1/access', statuses: [404] })
  // a version that knew no tokens
  if (status === 404) return { findings: [], words: 'everybody may read', mayRead: true }
  const report = value as AccessReport
  const { scopes, policy } = report
  const mayRead = report.rejected === null && scopes.includes('read')
  const isOpen = policy === 'open' && !/^(localhost|127\..*|\[::1\])$/.test(new URL(api.url).hostname)
  const findings: Diagnosis[] = []
  if (report.rejected !== null) findings.push(rejected(api, report.rejected))
  else if (!mayRead) findings.push(closed(api))
  if (isOpen) findings.push(open(api))
  return { findings, words: wordsOf(report), mayRead }
}

const rejected = ({ url }: Api, why: string) =>
  wrong('token_invalid', {
    message: `${url} does not accept the token that was presented: ${why}`,
    meaning: 'Every request with it is refused, also one that needs no token.',
    advice: `Make another one on the server, and set LEPORELLO_TOKEN: ${tokenCommand('register')}`
  })

const closed = ({ url }: Api) =>
  wrong('token_needed', {
    message: `${url} tells nothing without a token (LEPORELLO_POLICY is none)`,
    meaning: 'Workers and builders that have none are refused.',
    advice: `Make one on the server, and set LEPORELLO_TOKEN: ${tokenCommand('read')}`
  })

const open = ({ url }: Api) =>
  note('open_to_all', {
    message: `everybody who reaches ${url} may replace and remove every image (LEPORELLO_POLICY is open)`,
    meaning: 'Whoever may replace an image decides what the cluster runs.',
    advice: `Make tokens for those who write (${tokenCommand('register')}), and set LEPORELLO_POLICY=read.`
  })

function wordsOf({ policy, identity, scopes, match, expires }: AccessReport): string {
  const anonymous = { open: 'do everything', read: 'read', none: 'do nothing', 'read-only': 'read, and nobody may write' }[policy]
  if (identity === null) return `everybody may ${anonymous}; no token was presented`
  const names = match === null ? '' : `; it may change ${match.join(', ')}`
  return `everybody may ${anonymous}; ${identity.replace(':', ' ')} may: ${scopes.join(', ')}${names}${expires === null ? '' : `; until ${expires}`}`
}
