import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BuilderSettings } from '../../config/environment.ts'
import { type Diagnosis, diagnosis } from '../../domain/container/diagnosis.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { type DestinationSettings, describeFile, removeUploaded, upload } from '../client/destinations.ts'

const wrong = diagnosis('wrong', null)

/** Variables that a build job needs and does not have. The builder passes them on unquoted, so an empty one is no argument at all. */
export const environmentFindings = (settings: BuilderSettings): Diagnosis[] =>
  Object.entries(settings)
    .filter(([, value]) => value === undefined)
    .map(([name]) =>
      wrong('argument_missing', {
        message: `${name} is not set in this environment, or empty`,
        meaning:
          'Builds fail: container-met.py is called with too few arguments ("Metadata requires: ident version product repo digest mozart_url [product_arm64]").',
        advice: `Set ${name} for the job, or in Jenkins for all jobs, and run this in the same environment.`
      })
    )

/** Uploads a small file where the builder uploads tarballs, and deletes it. `silent`: no answer in time; the caller has to end the process. */
export async function tryStorage(storage: string, { withinMs, ...settings }: DestinationSettings & { withinMs: number }) {
  const folder = await mkdtemp(join(tmpdir(), 'leporello-doctor-'))
  const ended = new AbortController()
  try {
    const trial = putAndRemove(storage, { ...settings, folder }).catch((error: Error) => error.message)
    const silence = sleep(withinMs, silent, { signal: ended.signal }).catch(() => undefined)
    const outcome = await Promise.race([trial, silence])
    if (outcome === undefined) return { findings: [], silent: false }
    const why = outcome === silent ? `it did not answer within ${withinMs / 1000} s` : outcome
    return { findings: [storageFinding(storage, why)], silent: outcome === silent }
  } finally {
    ended.abort()
    await rm(folder, { recursive: true })
  }
}

const silent = Symbol('silent')

function storageFinding(storage: string, why: string): Diagnosis {
  const remote = /^(?!file:)[a-z][a-z0-9+.-]*:\/\//i.test(storage)
  return wrong('storage_not_writable', {
    message: `${maskSecrets(storage)}: ${why}`,
    meaning: 'Builds fail when they upload the tarball ("Upload fails to S3").',
    advice: remote
      ? 'Look at the credentials in the environment (AWS_ACCESS_KEY_ID and so on), at what they may do there, and at the name of the bucket.'
      : 'Look at who may write in this directory, whether it is mounted, and whether its disk is full.'
  })
}

async function putAndRemove(storage: string, { folder, ...settings }: DestinationSettings & { folder: string }): Promise<undefined> {
  const name = `leporello-doctor-${randomBytes(6).toString('hex')}.txt`
  const url = storage.endsWith('/') ? storage + name : `${storage}/${name}`
  const file = join(folder, name)
  await writeFile(file, 'leporello doctor\n')
  await upload(await describeFile(file), url, settings)
  await removeUploaded(url, settings)
}
