import type { DigestAnswer, FileFacts, ImageFacts, ImageReport } from '../../images/image-report.ts'
import { harmless } from './terminal.ts'

/** A report as text. Escapes what comes from the archive, because a name could steer the terminal. */
export function inspectionText(report: ImageReport, file: string): string {
  const { verdict, summary, tarball, images, problems, problemsOmitted } = report
  const packed = tarball.compression === 'none' ? '' : `, ${tarball.compression}, ${bytes(tarball.unpackedSize)} unpacked`
  const lines = [
    `${verdict.toUpperCase()}: ${summary}`,
    '',
    ...rows([
      ['file', file],
      ['format', `${report.formats.join(' and ') || 'none'}${packed}, ${tarball.members} members`],
      ['size', bytes(tarball.size)],
      ['sha256', tarball.sha256 ?? '']
    ]),
    ...images.flatMap((image, at) => ['', ...imageLines(image, images.length > 1 ? `image ${at + 1}` : 'image')]),
    ...report.absent.map(({ digest, platform }) => `not in the archive: ${digest} (${platform})`),
    ...section('problems', [
      ...problems.map(({ code, message }) => `${code}: ${message}`),
      ...(problemsOmitted > 0 ? [`and ${problemsOmitted} more`] : [])
    ]),
    ...section('digest', report.digest === undefined ? [] : digestLines(report.digest)),
    ...section(
      'path',
      (report.files ?? []).map((answer) => `${images.length > 1 ? `image ${answer.image! + 1}: ` : ''}${describedFile(answer)}`)
    )
  ]
  return lines.map(harmless).join('\n')
}

function imageLines(image: ImageFacts, title: string): string[] {
  const { config, manifest, tags, base, layers, decisive, census, verdict, claimed, architecture } = image
  const machines = census.machines.map(({ architecture, files }) => `${files} ${architecture}`).join(', ') || 'none'
  return [
    title,
    ...rows([
      ['verdict', `${verdict} (claimed ${claimed ?? 'nothing'}, proven ${architecture ?? 'nothing'})`],
      ['tags', tags.join(', ')],
      ['platform', [config?.os, config?.architecture, config?.variant].filter(Boolean).join('/')],
      ['created', config?.created ?? ''],
      ['config', config?.digest ?? ''],
      ['manifest', manifest === null ? '' : `${manifest.digest}${manifest.derived ? ' (derived: the archive holds none)' : ''}`],
      ['base', base === null ? '' : [base.name, base.digest].filter(Boolean).join('@')],
      ['layers', `${layers.length}, ${bytes(layers.reduce((sum, { unpackedSize }) => sum + (unpackedSize ?? 0), 0))}`],
      ['ELF files', machines],
      ...decisive.map((facts): [string, string] => [facts.role ?? '', describedFile(facts)]),
      ...sampled('not for it', census.strays),
      ...sampled('libraries', census.wrongLibraries),
      ...census.foreign.listed.map(({ path, architecture, why }): [string, string] => ['foreign', `${path} is ${architecture} (${why})`])
    ])
  ]
}

const sampled = (title: string, { files, samples }: { files: number; samples: string[] }): [string, string][] =>
  files === 0 ? [] : [[title, `${files}: ${samples.slice(0, 5).join(', ')}${files > 5 ? ' …' : ''}`]]

function describedFile({ named, path, kind, architecture, type, interpreter, links }: FileFacts): string {
  if (kind === 'absent') return `${named} leads to no file`
  const way = path === named ? named : `${named} -> ${path}`
  const what = kind === 'elf' ? `${architecture} ${type}` : kind
  const by = interpreter === null ? '' : kind === 'script' ? `, run by ${interpreter}` : `, loaded by ${interpreter}`
  return `${way}: ${what}${by}${links.length > 0 ? ` (${links.join(', ')})` : ''}`
}

function digestLines({ given, matches }: DigestAnswer): string[] {
  if (matches.length === 0) return [`nothing in the archive has the digest ${given}`]
  return matches.map(({ what, image, architecture }) => {
    const of = image === null ? '' : ` of image ${image + 1}`
    return `the ${what}${of}${architecture === null ? '' : `, ${architecture}`}`
  })
}

const section = (title: string, lines: string[]) => (lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)])

const rows = (pairs: readonly (readonly [string, string])[]) =>
  pairs.filter(([, value]) => value !== '').map(([name, value]) => `  ${name.padEnd(11)} ${value}`)

const bytes = (count: number) => (count < 10_000 ? `${count} bytes` : `${count} bytes (${(count / 1e6).toFixed(1)} MB)`)
