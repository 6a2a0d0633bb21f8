import { asFields, parsedJson } from '../domain/json/reading.ts'
import { isTag } from '../domain/oci/names.ts'
import { type Connection, type ConnectionOptions, connectRegistry } from './connection.ts'
import type { RegistryAnswer } from './exchange.ts'
import { readImage } from './image-reader.ts'
import { manifestTypes } from './manifest-reader.ts'
import { registryError } from './registry-error.ts'
import { nextPage } from './registry-requests.ts'

/** Any server that speaks the OCI distribution specification. Every method throws a RegistryError, or the error of its AskServer. */
export type Registry = ReturnType<typeof openRegistry>

const pageSize = 1000
const maxTags = 100_000

export function openRegistry(options: ConnectionOptions) {
  const connection = connectRegistry(options)
  const { requests } = connection
  return {
    /** Throws when no registry answers. */
    check: connection.check,
    async has(repository: string, reference: string): Promise<boolean> {
      const path = `/v2/${repository}/manifests/${reference}`
      return (await requests.read(repository, { path, method: 'HEAD', accept: manifestTypes })) !== undefined
    },
    /** Returns all tags of a repository; none where there is no such repository. */
    tags: (repository: string) => tagsOf(connection, repository),
    /** Reads an image by tag or digest; of an index the amd64 image, or else the first one. Undefined where there is none. */
    image: (repository: string, reference: string) => readImage({ ...connection, repository }, reference),
    /** Lets no further request begin. */
    stop: connection.stop
  }
}

async function tagsOf({ base, host, requests }: Connection, repository: string): Promise<string[]> {
  const all = new Set<string>()
  let path: string | undefined = `/v2/${repository}/tags/list?n=${pageSize}`
  while (path !== undefined) {
    const answer: RegistryAnswer | undefined = await requests.read(repository, { path })
    if (!answer) break
    const tags = asFields(parsedJson(answer.body.toString('utf8')))?.['tags']
    if (!Array.isArray(tags) && tags !== null) {
      throw registryError('failed', { message: `${host} answered ${path} with what is no list of tags` })
    }
    const before = all.size
    for (const tag of tags ?? []) if (typeof tag === 'string' && isTag(tag)) all.add(tag)
    if (all.size > maxTags) throw registryError('unusable', { message: `${host} has more than ${maxTags} tags of ${repository}` })
    // a page that brings nothing new has nothing after it, whatever it says
    path = all.size === before ? undefined : nextPage(answer, new URL(path, base))
  }
  return [...all]
}
