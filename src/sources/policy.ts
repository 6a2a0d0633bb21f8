import { resolve } from 'node:path'
import { type BucketRule, parseBucketRule } from './bucket-rules.ts'
import { type HostRule, parseHostRule } from './host-rules.ts'

/** The settings VERIFY, VERIFY_HOSTS, VERIFY_BUCKETS and VERIFY_ROOTS. */
export interface SourceSettings {
  mode: 'off' | 'own' | 'all'
  hosts: readonly string[]
  buckets: readonly string[]
  /** Absolute paths. */
  roots: readonly string[]
  /** Allows all but metadata addresses. Only for a command, whose user could use curl as well; a server would fetch for any client. */
  anywhere?: boolean
}

export interface SourcePolicy {
  /** Whether anything outside our own store may be read. */
  beyond: boolean
  anywhere: boolean
  hosts: readonly HostRule[]
  buckets: readonly BucketRule[]
  roots: readonly string[]
}

/** Parses the settings. Throws a TypeError for an entry that cannot be understood. */
export const policyOf = ({ mode, hosts, buckets, roots, anywhere = false }: SourceSettings): SourcePolicy => ({
  beyond: mode === 'all',
  anywhere,
  hosts: hosts.map(
    (text) => parseHostRule(text) ?? senseless('VERIFY_HOSTS', text, 'a host such as files.example.org, *.example.org or minio:9000')
  ),
  buckets: buckets.map(
    (text) => parseBucketRule(text) ?? senseless('VERIFY_BUCKETS', text, 'a bucket such as images, hysds-* or http://minio:9000/images')
  ),
  roots: roots.map((root) => (root.startsWith('/') ? resolve(root) : senseless('VERIFY_ROOTS', root, 'an absolute path')))
})

function senseless(setting: string, found: string, expected: string): never {
  throw new TypeError(`LEPORELLO_${setting} holds ${JSON.stringify(found)}; expected ${expected}`)
}
