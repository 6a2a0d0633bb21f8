import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readAudit } from '../../tools/audit-report.ts'
import { projectFolder } from '../support/project.ts'

/** Under which we may pass packages on in the container image, with no duty but to name them. */
const permitted = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'])

interface Package {
  name: string
  version: string
  license?: unknown
}

const read = async <Content>(path: string): Promise<Content> => JSON.parse(await readFile(join(projectFolder, path), 'utf8'))

t.test('every package that the program runs with has a licence that is permitted, in the registry and in itself', async (t) => {
  const { packages } = await read<{ packages: Record<string, { dev?: boolean; optional?: boolean; license?: string }> }>(
    'package-lock.json'
  )
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev)

  t.ok(installed.length > 50, `${installed.length} packages`)
  for (const [path, { license, optional }] of installed) {
    t.ok(permitted.has(license ?? ''), `${path} is under ${license}; expected one of ${[...permitted].join(', ')}`)
    // native modules for other machines are listed, and not installed
    const own = await read<Package>(`${path}/package.json`).catch((error) => {
      if (!optional) throw error
    })
    if (own) t.equal(own.license, license, `${path}, in its package.json`)
  }
})

t.test('an audit tells serious faults from others, and that it learned nothing', async (t) => {
  const found = (severities: Record<string, string>) =>
    JSON.stringify({ vulnerabilities: Object.fromEntries(Object.entries(severities).map(([name, severity]) => [name, { severity }])) })

  t.strictSame(readAudit(found({})), { serious: 0, minor: 0, words: '' })
  t.strictSame(readAudit(found({ a: 'high', b: 'low', c: 'critical' })), { serious: 2, minor: 1, words: 'a (high), b (low), c (critical)' })
  t.strictSame(readAudit('{"message": "405 Method Not Allowed", "statusCode": 405}'), { unknown: '405 Method Not Allowed' })
  t.strictSame(readAudit(''), { unknown: 'npm said nothing' })
  t.strictSame(readAudit('npm error'), { unknown: 'npm error' })
})
