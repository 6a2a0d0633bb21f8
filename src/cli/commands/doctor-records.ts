import { type Diagnosis, diagnosis, knownFindings, recordFindings } from '../../domain/container/diagnosis.ts'
import { isGuardUrl } from '../../domain/image/guard.ts'
import { readImages } from '../../domain/image/urls.ts'
import { readJson } from '../../domain/json/json.ts'
import type { ContainerView } from '../../schemas.ts'
import { type Api, type ApiError, openApi, pathOf } from '../client/api.ts'
import type { Trust } from '../client/http-client.ts'

/** A server whose records are checked. */
type CheckedServer = { api: Api; trust: Trust; leporello: boolean }

/** Faults of one record, and of its images. */
export async function containerFindings(id: string, server: CheckedServer): Promise<Diagnosis[]> {
  const document = await documentOf(id, server)
  if (document === undefined) return [unknownContainer(id)]
  const record = recordFindings(id, document)
  const dead = await deadUrls(id, { urls: JSON.parse(document).urls, trust: server.trust })
  if (!server.leporello) return [...record, ...dead]
  const known = knownFindings(await server.api.ask<ContainerView>({ path: pathOf`/api/v1/containers/${id}` }))
  const gone = new Set(known.filter(({ code }) => code === 'gone').map(({ architecture }) => architecture))
  return [...record, ...known, ...dead.filter(({ architecture }) => !gone.has(architecture))]
}

const unknownContainer = (id: string): Diagnosis =>
  diagnosis('wrong', id)('container_unknown', {
    message: 'there is no such container',
    meaning: 'Jobs that name it cannot be submitted.',
    advice: 'Compare the name with leporello ls. If it was removed, leporello ls --deleted or leporello history may say when.'
  })

/** Returns a record as stored. Leporello is asked by the operator's path: it counts requests for info without arch as those of old workers. */
async function documentOf(id: string, { api, leporello }: CheckedServer): Promise<string | undefined> {
  if (leporello) {
    const { status, text } = await api.answer({ path: pathOf`/containers/_doc/${id}`, statuses: [404] })
    if (status === 200) return readJson(text).members.get('_source')
    if (readJson(text).members.has('found')) return undefined
  }
  const { status, text } = await api.answer({ path: '/api/v0.1/container/info', query: { id }, statuses: [404] })
  return status === 404 ? undefined : readJson(text).members.get('result')
}

/** Images with an HTTP address that are not there. The server itself checks those in buckets. */
async function deadUrls(id: string, { urls, trust }: { urls: unknown; trust: Trust }): Promise<Diagnosis[]> {
  const images = [...readImages(JSON.stringify(urls))].filter(
    ([architecture, url]) => /^(?:https?|davs?):\/\//i.test(url) && !isGuardUrl(url, { id, architecture })
  )
  const faults = await Promise.all(
    images.map(async ([architecture, url]) => {
      const fault = await faultOf(url, trust)
      return fault === undefined ? [] : [deadUrl(id, { architecture, message: `the image for ${architecture} ${fault}: ${url}` })]
    })
  )
  return faults.flat()
}

async function faultOf(url: string, trust: Trust): Promise<string | undefined> {
  const address = url.replace(/^dav/i, 'http')
  if (!URL.canParse(address)) return 'cannot be reached from here: this is not a URL'
  const { origin, pathname, search, username, password } = new URL(address)
  const login = username ? `${username}:${password}@` : ''
  const host = openApi(origin.replace('://', `://${login}`), { trust })
  try {
    const { status } = await host.answer({ method: 'HEAD', path: pathname + search, statuses: [404, 410], timeoutMs: 10_000 })
    return status < 400 ? undefined : `is not there (${status})`
  } catch (error) {
    const { status, cause, message } = error as ApiError & { cause?: Error }
    // any other refusal says that there is something, which asks for a login that we do not have
    return status !== undefined && status < 500 ? undefined : `cannot be reached from here: ${cause?.message ?? message}`
  }
}

const deadUrl = (id: string, { architecture, message }: { architecture: string; message: string }): Diagnosis =>
  diagnosis('wrong', id)('url_dead', {
    architecture,
    message,
    meaning: 'Workers fail at download.',
    advice: `Upload the tarball again, or remove the image: leporello rm ${id} --arch ${architecture}.`
  })
