import t from 'tap'
import type { Architecture } from '../../../src/domain/architecture.ts'
import type { RecordedSource } from '../../../src/domain/build/build-status.ts'
import { withContainerfile } from '../../../src/domain/build/containerfile.ts'
import { type JobWord, parseJobWord } from '../../../src/domain/build/job-report.ts'
import { containerfilesOf } from '../../../src/domain/releases/dist-git.ts'

const [one, two] = ['sha256:1', 'sha256:2']
const hash = (text: string) => `h${text}`

/** `arm64=sha256:1` was built from that Containerfile; `arm64` named none, and `arm64!` made another image since. */
const sourcesOf = (text: string): Map<Architecture, RecordedSource> =>
  new Map(
    text.split(' ').map((part) => {
      const [, architecture = '', other, digest] = /^(\w+)(!?)(?:=(.*))?$/.exec(part) ?? []
      const source = new Map(digest === undefined ? [['commit', 'c']] : [['containerfile', digest]])
      return [architecture as Architecture, { source, url: other ? 's3://b/other' : `s3://b/${architecture}`, since: '2026-01-01' }]
    })
  )

interface Case {
  repository?: string
  images: string
  builds: string
  files?: Record<string, string>
  reason?: string
}

const cases: Case[] = [
  { images: 'amd64', builds: `amd64=${one}`, files: { Containerfile: one } },
  { images: 'amd64 arm64', builds: `amd64=${one} arm64=${one}`, files: { Containerfile: one } },
  { images: 'arm64 amd64', builds: `amd64=${one} arm64=${two}`, files: { Containerfile: one, 'Containerfile.arm64': two } },
  { images: 'arm64', builds: `arm64=${two}`, files: { Containerfile: two } },
  {
    images: 'amd64 arm64',
    builds: `amd64=${one}`,
    reason: 'arm64: no build was reported with what it was built from'
  },
  { images: 'amd64', builds: `amd64!=${one}`, reason: 'amd64: the build that was reported last made another image' },
  { images: 'amd64', builds: 'amd64', reason: 'amd64: its build named no Containerfile' },
  { images: 'amd64', builds: 'amd64=sha256:9', reason: 'amd64: its build named a Containerfile, sha256:9, and did not bring it' },
  {
    images: 'amd64 arm64',
    builds: `amd64 arm64!=${one}`,
    reason: 'amd64: its build named no Containerfile; arm64: the build that was reported last made another image'
  },
  { repository: 'team/x', images: 'amd64', builds: `amd64=${one}`, files: { Containerfile: one } },
  ...['../x', 'a//b', '.git/hooks', 'a/.GIT', 'a\\b', './x', 'x/Containerfile'].map((repository) => ({
    repository,
    images: 'amd64',
    builds: `amd64=${one}`,
    reason: 'which cannot be a folder of the repository'
  }))
]

for (const { repository = 'nova', images, builds, files, reason } of cases) {
  t.test(`${repository} for ${images}, built as ${builds}: ${reason ?? Object.keys(files!).join(' and ')}`, (t) => {
    const named = Object.fromEntries(
      images.split(' ').map((architecture) => [architecture, { url: `s3://b/${architecture}`, digest: null }])
    )
    const id = `${repository}:current`
    const member = { id, from: 'x:1', origin: 'x:1', revision: '1', version: '1', digest: 'd', named: true, images: named }

    const found = containerfilesOf(member, { sources: sourcesOf(builds), stored: new Set([one, two]) })

    if (files) t.strictSame(found, { id, repository, files })
    else t.ok('reason' in found && found.reason.endsWith(reason!), JSON.stringify(found))
    t.end()
  })
}

t.test('a Containerfile is an input of its build, by its digest', (t) => {
  const word = (source: object): JobWord => parseJobWord({ status: 'succeeded', source })
  const sent = (source: object) => withContainerfile(word(source), { text: 'FROM x', hash })
  const many = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`i${i}`, 'v']))

  t.strictSame(
    [...sent({ commit: 'c', base: 'b' }).word.source!],
    [
      ['base', 'b'],
      ['commit', 'c'],
      ['containerfile', 'sha256:hFROM x']
    ]
  )
  t.equal(sent({ containerfile: 'sha256:hFROM x' }).digest, 'sha256:hFROM x')
  t.throws(() => sent({ containerfile: 'sha256:7' }), {
    code: 'parameter_invalid',
    message: /is "sha256:7", but .* has the digest sha256:hFROM x/
  })
  t.throws(() => sent(many), { code: 'parameter_invalid', message: /names 32 inputs/ })
  t.end()
})

t.test('a Containerfile is for builds, is bounded, and holds no password', (t) => {
  const refused = (fields: object, what?: string) => {
    try {
      return String(parseJobWord({ status: 'running', ...fields }, what).containerfile)
    } catch (error) {
      return (error as Error).message
    }
  }

  t.equal(refused({ containerfile: 'FROM x\n' }), 'FROM x\n')
  t.equal(refused({ containerfile: '' }), 'undefined')
  t.match(refused({ containerfile: 'FROM x' }, 'test'), /containerfile/)
  t.match(refused({ containerfile: 5 }), /expected a string/)
  t.match(refused({ containerfile: 'x'.repeat(65_537) }), /at most 65536/)
  t.match(refused({ containerfile: 'RUN curl https://me:hunter2@example.org/x' }), /looks like a password/)
  t.end()
})
