import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectFolder } from '../../support/project.ts'

/** Archives that buildah, skopeo and crane made around real programs, read by the command line. */

const folder = t.testdir()
const script = join(projectFolder, 'test/acceptance/images/make-samples')

interface Report {
  verdict: string
  architecture: string | null
  formats: string[]
  images: { config: { digest: string }; manifest: { digest: string; derived: boolean } }[]
}

function inspect(...args: string[]): { status: number | null; report: Report } {
  const { status, stdout } = spawnSync(process.execPath, [join(projectFolder, 'build/src/main.js'), 'inspect', '--json', ...args], {
    encoding: 'utf8'
  })
  return { status, report: JSON.parse(stdout) as Report }
}

t.test('the samples can be made', async (t) => {
  const { status, stderr } = spawnSync(script, [folder], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
})

t.test('every sample is what its name says: the architecture of its configuration, that of its program, and its writer', async (t) => {
  const names = readdirSync(folder)
  t.ok(names.length >= 12, names.join(' '))
  for (const name of names) {
    const [configured, program] = name.split('.')[0]!.split('-')
    const { status, report } = inspect(join(folder, name))

    if (name.includes('truncated')) t.match({ status, report }, { status: 2, report: { verdict: 'unreadable' } }, name)
    else if (configured === program || configured === 'none')
      t.match({ status, report }, { status: 0, report: { verdict: 'match', architecture: program } }, name)
    else t.match({ status, report }, { status: 1, report: { verdict: 'mislabelled', architecture: program } }, name)
  }
})

t.test('one image keeps its configuration through all writers, and its derived manifest in every docker-archive', async (t) => {
  const [tar, gzip, oci] = ['docker.tar', 'docker.tar.gz', 'oci.tar'].map(
    (end) => inspect(join(folder, `arm64-arm64.buildah-${end}`)).report.images[0]!
  )

  t.equal(new Set([tar, gzip, oci].map((image) => image!.config.digest)).size, 1)
  t.strictSame(tar!.manifest, gzip!.manifest)
  t.strictSame([tar!.manifest.derived, oci!.manifest.derived], [true, false])
})

t.test("a manifest's digest is the one that skopeo says", async (t) => {
  const file = join(folder, 'arm64-arm64.buildah-oci.tar')
  const { stdout } = spawnSync('skopeo', ['inspect', '--override-arch', 'arm64', '--format', '{{.Digest}}', `oci-archive:${file}`], {
    encoding: 'utf8'
  })

  const { report } = inspect(file)

  t.equal(report.images[0]!.manifest.digest, stdout.trim())
})
