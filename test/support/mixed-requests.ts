import { newDockerSave, sha256 } from './images.ts'
import type { Random } from './random.ts'
import { tar } from './tar.ts'

/** What a container is; undefined where there is none. An uploaded image is `upload:<sha256>`. */
export type Known = { version: string; amd64: string; arm64: string } | undefined

/** A container, and its one writer's memory of it. */
export interface Own {
  id: string
  /** What it became, one request after another. */
  past: Known[]
  /** The place in `past` of what was acknowledged last; a later one may have been carried out, too. */
  sure: number
}

export type RequestKind = 'add' | 'patch' | 'image' | 'upload' | 'batch' | 'remove' | 'read'

export interface MixedRequest {
  kind: RequestKind
  method: string
  path: string
  body?: string | Buffer | URLSearchParams
  type?: string
  /** What it makes of which containers. */
  makes: [own: Own, state: Known][]
  /** What it reads. */
  reads?: Own
}

const kinds: readonly RequestKind[] = ['add', 'add', 'patch', 'image', 'upload', 'batch', 'remove', 'read', 'read']

interface RequestParts {
  own: Own
  known: NonNullable<Known>
  n: number
  owns: readonly Own[]
  path: string
}

/** The `n`th request of a writer, about one of its containers. */
export function requestOf(owns: readonly Own[], { n, random }: { n: number; random: Random }): MixedRequest {
  const own = random.pick(owns)
  const known = own.past.at(-1)
  // what is not there cannot be changed; where that is not known, it is written whole
  const certain = known !== undefined && own.sure === own.past.length - 1
  const kind = certain ? random.pick(kinds) : random.pick(['add', 'add', 'read'] as const)
  return makers[kind]({ own, known: known!, n, owns, path: `/api/v1/containers/${encodeURIComponent(own.id)}` })
}

const json = (body: object) => ({ body: JSON.stringify(body), type: 'application/json' })

const whole = ({ id }: Own, n: number) => ({
  version: `v${n}`,
  amd64: `s3://bucket/${id}/${n}.tar.gz`,
  arm64: `s3://bucket/${id}/${n}-arm64.tar.gz`
})

const makers: Record<RequestKind, (parts: RequestParts) => MixedRequest> = {
  add({ own, n }) {
    const made = whole(own, n)
    const urls = JSON.stringify({ amd64: made.amd64, arm64: made.arm64 })
    const body = new URLSearchParams({ name: own.id, version: made.version, url: made.amd64, urls, digest: `sha256:${n}` })
    return { kind: 'add', method: 'POST', path: '/api/v0.1/container/add', body, makes: [[own, made]] }
  },
  patch: ({ own, known, n, path }) => ({
    kind: 'patch',
    method: 'PATCH',
    path,
    ...json({ version: `p${n}` }),
    makes: [[own, { ...known, version: `p${n}` }]]
  }),
  image({ own, known, n, path }) {
    const url = `s3://bucket/${own.id}/image-${n}.tar.gz`
    return { kind: 'image', method: 'PUT', path: `${path}/images/arm64`, ...json({ url }), makes: [[own, { ...known, arm64: url }]] }
  },
  upload({ own, known, n, path }) {
    const body = tar([...newDockerSave(), { name: 'ballast', body: Buffer.from(`${own.id} ${n}`) }])
    const makes: MixedRequest['makes'] = [[own, { ...known, amd64: `upload:${sha256(body)}` }]]
    return { kind: 'upload', method: 'PUT', path: `${path}/images/amd64`, body, type: 'application/octet-stream', makes }
  },
  batch({ owns, n }) {
    const items = owns.map((own) => {
      const { version, amd64, arm64 } = whole(own, n)
      return { id: own.id, op: 'put', container: { version, digest: 'sha256:1', images: { amd64, arm64 } } }
    })
    return { kind: 'batch', method: 'POST', path: '/api/v1/batch', ...json({ items }), makes: owns.map((own) => [own, whole(own, n)]) }
  },
  remove: ({ own, path }) => ({ kind: 'remove', method: 'DELETE', path, makes: [[own, undefined]] }),
  read: ({ own }) => ({ kind: 'read', method: 'GET', path: infoPath(own.id), makes: [], reads: own })
}

export const infoPath = (id: string): string => `/api/v0.1/container/info?${new URLSearchParams({ id })}`

/** What a container was answered to be. */
export function knownIn({ status, text }: { status: number; text: string }): Known {
  if (status === 404) return undefined
  const { result } = JSON.parse(text) as { result: { version: string; urls: string } }
  const { amd64, arm64 } = JSON.parse(result.urls)
  return { version: result.version, amd64, arm64 }
}

/** Returns which of these a container is; undefined where it is none of them. */
export const foundAmong = (possible: readonly Known[], found: Known): { is: Known } | undefined => {
  const place = possible.findLastIndex((one) => isSame(one, found))
  return place === -1 ? undefined : { is: possible[place] }
}

function isSame(one: Known, found: Known): boolean {
  if (!one || !found) return one === found
  const isImage = (expected: string, url: string) =>
    url === expected || (expected.startsWith('upload:') && url?.includes(`/${expected.slice(7, 19)}/`))
  return one.version === found.version && isImage(one.amd64, found.amd64) && isImage(one.arm64, found.arm64)
}
