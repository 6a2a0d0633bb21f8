import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { elf } from '../../../support/elf.ts'
import { baseLayer, ociLayout, oldDockerSave, type TestImage } from '../../../support/images.ts'
import { type Entry, tar } from '../../../support/tar.ts'
import { type Case, casesOf, type Form } from './case.ts'
import { craneProgram } from './crane.ts'

/*
 * Archives and layers that real programs write: GNU tar and bsdtar in every format, skopeo, umoci, crane and buildah.
 */

const image: TestImage = { layers: [baseLayer(), [{ name: 'app/hello', body: elf('arm64', { size: 3000 }) }]] }
const writers: Record<string, [string, ...string[]]> = {
  'gnu-v7': ['tar', '--format=v7'],
  'gnu-oldgnu': ['tar', '--format=oldgnu'],
  'gnu-gnu': ['tar', '--format=gnu'],
  'gnu-ustar': ['tar', '--format=ustar'],
  'gnu-posix': ['tar', '--format=posix'],
  'bsd-pax': ['bsdtar', '--format=pax'],
  'bsd-ustar': ['bsdtar', '--format=ustar'],
  'bsd-gnutar': ['bsdtar', '--format=gnutar']
}

const run = (command: string, ...parameters: string[]) =>
  execFileSync(command, parameters, { maxBuffer: 2 ** 25, stdio: ['ignore', 'pipe', 'pipe'] })
const caseFrom = (name: string, { bytes, form }: { bytes: Buffer; form: Form }): Case => ({
  name: `producers/${name}`,
  bytes,
  forms: [form],
  machine: 'amd64'
})

export function producerCases(): Case[] {
  const folder = mkdtempSync(join(tmpdir(), 'producers-'))
  try {
    return [...tarPrograms(folder), ...skopeo(folder), ...umoci(folder), ...crane(folder), ...buildah(folder)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Writes what an archive holds into a folder. */
function laidOut(folder: string, entries: Entry[]): string {
  for (const { name = '', body, flag, target = '' } of entries) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    if (flag === '2') run('ln', '-s', target, path)
    else if (flag === '5') mkdirSync(path, { recursive: true })
    else writeFileSync(path, body ?? '')
  }
  return folder
}

/** A program, a link, a long name and a script, as a build has them. */
function filesIn(folder: string): string {
  const files = laidOut(folder, [
    { name: 'app/real', body: elf('arm64', { size: 3000 }) },
    { name: 'app/hello', flag: '2', target: 'real' },
    { name: `deep/${'n'.repeat(60)}/${'m'.repeat(60)}/x`, body: 'x' },
    { name: 'a-first', body: elf('amd64') }
  ])
  chmodSync(join(files, 'app/real'), 0o755)
  return files
}

function tarPrograms(folder: string): Case[] {
  const files = filesIn(join(folder, 'files'))
  const docker = laidOut(join(folder, 'docker'), oldDockerSave(image))
  const layout = laidOut(join(folder, 'layout'), ociLayout(image))
  return Object.entries(writers).flatMap(([name, [command, ...format]]) => {
    const packed = (from: string) => run(command, ...format, '-C', from, '-cf', '-', '.')
    const oldest = name === 'gnu-v7'
    return [
      // names of more than 100 characters are not for the oldest format
      ...(oldest ? [] : casesOf(`producers/${name}-layer`, { tars: [tar(baseLayer()), packed(files)] })),
      caseFrom(`${name}-docker-archive`, { bytes: packed(docker), form: 'docker-archive' }),
      caseFrom(`${name}-oci-layout`, { bytes: packed(layout), form: 'oci-archive' })
    ]
  })
}

function skopeo(folder: string): Case[] {
  const [docker, layout] = [join(folder, 'docker.tar'), join(folder, 'layout.tar')]
  writeFileSync(docker, tar(oldDockerSave(image)))
  writeFileSync(layout, tar(ociLayout({ ...image, packing: 'gzip' })))
  const copies: [name: string, source: string, form: Form, parameters: string[]][] = [
    ['to-docker', `oci-archive:${layout}`, 'docker-archive', []],
    ['to-oci', `docker-archive:${docker}`, 'oci-archive', []],
    ['to-oci-zstd', `docker-archive:${docker}`, 'oci-archive', ['--dest-compress', '--dest-compress-format=zstd']],
    ['to-oci-plain', `docker-archive:${docker}`, 'oci-archive', ['--dest-oci-accept-uncompressed-layers']],
    ['to-docker-again', `docker-archive:${docker}`, 'docker-archive', []]
  ]
  return copies.map(([name, source, form, parameters]) => {
    const file = join(folder, `${name}.tar`)
    run('skopeo', '--insecure-policy', 'copy', '-q', ...parameters, source, `${form}:${file}:localhost/hello:1`)
    return caseFrom(`skopeo-${name}`, { bytes: readFileSync(file), form })
  })
}

/** umoci insert ends its layer after the last file's bytes; repack makes one of what was changed. */
function umoci(folder: string): Case[] {
  const layout = join(folder, 'umoci')
  const archive = () => run('tar', '-C', layout, '-cf', '-', '.')
  const program = join(folder, 'files/app/real')
  run('umoci', 'init', '--layout', layout)
  run('umoci', 'new', '--image', `${layout}:it`)
  run('umoci', 'insert', '--rootless', '--image', `${layout}:it`, program, '/app/hello')
  run('umoci', 'config', '--image', `${layout}:it`, '--architecture', 'amd64', '--config.entrypoint', '/app/hello')
  const inserted = archive()
  const bundle = join(folder, 'bundle')
  run('umoci', 'unpack', '--rootless', '--image', `${layout}:it`, bundle)
  writeFileSync(join(bundle, 'rootfs/app/hello'), elf('amd64'))
  run('umoci', 'repack', '--image', `${layout}:it`, bundle)
  run('umoci', 'gc', '--layout', layout)
  return [
    caseFrom('umoci-insert', { bytes: inserted, form: 'oci-archive' }),
    caseFrom('umoci-repack', { bytes: archive(), form: 'oci-archive' })
  ]
}

function crane(folder: string): Case[] {
  const [layer, file] = [join(folder, 'layer.tar'), join(folder, 'crane.tar')]
  writeFileSync(layer, tar(baseLayer()))
  return [['--platform=linux/amd64'], ['--oci-empty-base']].map((parameters, i) => {
    run(craneProgram, 'append', ...parameters, '-f', layer, '-t', 'localhost/hello:1', '-o', file)
    return caseFrom(`crane-append-${i}`, { bytes: readFileSync(file), form: 'docker-archive' })
  })
}

function buildah(folder: string): Case[] {
  const storage = [`--root=${join(folder, 'storage')}`, `--runroot=${join(folder, 'run')}`, '--storage-driver=vfs']
  const buildah = (...parameters: string[]) => String(run('buildah', ...storage, ...parameters)).trim()
  const container = buildah('from', '--arch', 'amd64', 'scratch')
  buildah('copy', '-q', container, join(folder, 'files'), '/')
  buildah('config', '--entrypoint', '["/app/hello"]', container)
  const id = buildah('commit', '-q', container, 'localhost/hello:1')
  return (['docker-archive', 'oci-archive'] as const).map((form) => {
    const file = join(folder, `buildah-${form}.tar`)
    buildah('push', '-q', id, `${form}:${file}:localhost/hello:1`)
    return caseFrom(`buildah-${form}`, { bytes: readFileSync(file), form })
  })
}
