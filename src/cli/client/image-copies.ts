import { dockerFolder } from '../../config/environment.ts'
import { type Architecture, parseArchitecture, uniqueInTableOrder } from '../../domain/architecture.ts'
import type { RegistryReference } from '../../registries/address.ts'
import { connectRegistry, connectToOwn } from '../../registries/connection.ts'
import { type CopyResult, copyBetween, type ImageCopy } from '../../registries/copying.ts'
import { dockerCredentials } from '../../registries/docker-credentials.ts'
import { type Pause, patiently } from '../../registries/patience.ts'
import { type RegistryRepository, registryRepository } from '../../registries/repository.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import { complain, counted, harmless, size, type Values } from '../terminal/terminal.ts'
import type { Api } from './api.ts'
import { numberOf } from './client-command.ts'
import { registryAsk, type Trust } from './http-client.ts'

/** The options of commands that copy images between our server and another registry. */
export const copyOptions = {
  arch: { type: 'string', multiple: true, help: 'only images for this architecture; may be repeated, or have commas' },
  referrers: { type: 'boolean', help: 'also copy what refers to the images: signatures, attestations, SBOMs' },
  'plain-http': { type: 'boolean', help: 'speak http with the other registry, also where it is not on this machine' },
  'at-once': { type: 'string', help: 'how many blobs are copied at once; default: 3' },
  patience: { type: 'string', help: 'how many seconds to keep trying while a server is away or busy; default: 300' }
} as const

export const wantedArchitectures = (values: Values): Architecture[] =>
  uniqueInTableOrder(
    ((values['arch'] as string[] | undefined) ?? []).flatMap((text) => text.split(',').filter(Boolean)).map(parseArchitecture)
  )

/** `mountFrom` is a repository of the same registry to mount blobs from. */
type CopyAccess = { values: Values; trust: Trust; mountFrom?: string | undefined }

const atOnceOf = (values: Values) => numberOf(values, { name: 'at-once', least: 1 }) ?? 3

/** Opens what a reference names, with the credentials of docker's configuration. */
export function otherImage(reference: RegistryReference, { values, trust, writes, mountFrom }: CopyAccess & { writes: boolean }) {
  const connection = connectRegistry({
    ...{ address: reference.address, ask: registryAsk(trust), plainHttp: values['plain-http'] === true, writes, atOnce: atOnceOf(values) },
    credentialsOf: dockerCredentials(dockerFolder()),
    alsoReads: mountFrom === undefined ? [] : [mountFrom]
  })
  const { repository } = reference
  return { ...reference, repositoryThere: registryRepository({ ...connection, repository, mountFrom }), check: connection.check }
}

export function ownRepository(api: Api, { values, trust, ...parts }: CopyAccess & { repository: string }): RegistryRepository {
  const connection = connectToOwn({ ...api.registry(), ask: registryAsk(trust), atOnce: atOnceOf(values) })
  return registryRepository({ ...connection, ...parts })
}

type CopyRequest = Pick<ImageCopy, 'from' | 'to' | 'image' | 'tag' | 'headers' | 'dryRun'> & { values: Values; what: string }

const patienceOf = (values: Values, note: (text: string) => void) => ({
  patienceMs: (numberOf(values, { name: 'patience' }) ?? 300) * 1000,
  tell: ({ pauseMs, why }: Pause) => note(`leporello: ${why}; trying again in ${Math.ceil(pauseMs / 1000)} s`)
})

/** Asks a registry, again and again while it is away or busy. */
export const asking = <Answer>(values: Values, ask: () => Promise<Answer>): Promise<Answer> => patiently(patienceOf(values, told), ask)

const told = (text: string): void => complain(harmless(text))

/** Copies an image, and shows how far it came. */
export async function copyShown({ values, what, ...copy }: CopyRequest): Promise<CopyResult> {
  let progress: Progress | undefined
  const note = (text: string) => (progress ? progress.note(text) : told(text))
  try {
    return await copyBetween({
      ...copy,
      referrers: values['referrers'] === true,
      atOnce: atOnceOf(values),
      patience: patienceOf(values, note),
      progress: {
        begin(total) {
          if (total === 0 || copy.dryRun) return
          progress = createProgress({ what, total, from: 0, stream: process.stderr, now: Date.now })
        },
        at: (bytes) => progress?.at(bytes)
      }
    })
  } finally {
    progress?.end()
  }
}

/** `sent 3 blobs (1.2 MB), 2 there already, 1 referrer`. */
export function copiedInWords({ blobs: { sent, mounted, present }, referrers }: CopyResult, { dryRun }: { dryRun: boolean }): string {
  const parts = [
    `${dryRun ? 'to send' : 'sent'} ${counted(sent.blobs, 'blob')} (${size(sent.bytes)})`,
    ...(mounted.blobs > 0 ? [`${mounted.blobs} mounted`] : []),
    ...(present.blobs > 0 ? [`${present.blobs} there already`] : []),
    ...(referrers > 0 ? [counted(referrers, 'referrer')] : [])
  ]
  return parts.join(', ')
}
