import type { Machine } from './elf.ts'
import { appLayer, baseLayer } from './images.ts'
import { tarball } from './tarballs.ts'

/** Asks a running server, and throws what it refuses. */
type Ask = (method: string, path: string, body?: object | Buffer) => Promise<void>

const container = (id: string) => `/api/v1/containers/${encodeURIComponent(id)}`
const log = 'https://ci.example.org/job/build/4711/console'
const anArm: Machine = 'arm64'

/** The names of a container that try to be more than text. */
export const hostileId = 'zz<img src=x onerror=alert(1)>"\'&\u202egpj.exe:v1'

const twelve: readonly string[] = [
  ...['amd64', 'arm64', 'arm/v7', 'arm/v6', 'arm/v5', '386', 'ppc64le', 's390x', 'riscv64', 'mips64le', 'loong64', 'sw64']
]

/** Fills a server with containers of every kind that the pages show: for tests in a browser, and for the screenshots. */
export async function fillDemoCatalogue(url: string): Promise<void> {
  const ask: Ask = async (method, path, body) => {
    const isBytes = Buffer.isBuffer(body)
    const reply = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body && { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
        'x-reason': 'nightly build'
      },
      ...(body && { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) })
    })
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`)
    await reply.arrayBuffer()
  }
  await provenContainers(ask)
  await unfinishedContainers(ask)
  await doubtfulContainers(ask)
  await ask('PUT', '/api/v1/channels/current', { set: ['container-hello:v1.1.0'], reason: 'first of the series' })
  await ask('PUT', '/api/v1/channels/current', { set: ['container-hello:v1.2.0', 'sentinel-ingest:2.4.1'], reason: 'passed the night' })
  await ask('PUT', '/api/v1/channels/tested', { set: ['container-hello:v1.1.0'] })
  await ask('POST', '/api/v1/releases', { name: '2026.11', channel: 'current' })
  for (const arch of ['riscv64', 'riscv64', 'riscv64', 's390x']) {
    await fetch(`${url}/container/resolve?${new URLSearchParams({ id: 'container-hello:v1.2.0', arch })}`)
  }
  await fetch(`${url}/container/resolve?${new URLSearchParams({ id: 'lidar-tiles:0.9', arch: 'aarch64' })}`)
}

async function bring(ask: Ask, { id, machine, claimed = machine }: { id: string; machine: Machine; claimed?: string }): Promise<void> {
  const layers = [baseLayer(machine), appLayer(machine)]
  const [architecture, variant] = machine.split('/') as [string, string?]
  const image = tarball({
    architecture,
    ...(variant && { variant }),
    layers,
    tags: [id],
    config: { Labels: { name: id, maintainer: 'sds' } }
  })
  await ask('PUT', `${container(id)}/images/${encodeURIComponent(claimed)}`, image)
}

async function provenContainers(ask: Ask): Promise<void> {
  for (const version of ['v1.0.0', 'v1.1.0', 'v1.2.0']) {
    const id = `container-hello:${version}`
    for (const machine of ['amd64', anArm] as const) await bring(ask, { id, machine })
    await ask('PUT', `${container(id)}/expected`, { architectures: ['amd64', anArm] })
    for (const arch of ['amd64', anArm]) {
      const machine = { name: `builder-${arch}-3`, architecture: arch }
      await ask('PUT', `${container(id)}/builds/${arch}`, { status: 'succeeded', log, machine, source: { commit: '9c0e1f2' } })
      await ask('PUT', `${container(id)}/tests/${arch}`, { status: 'succeeded', log, machine })
    }
  }
  for (const id of ['sentinel-ingest:2.4.1', 'orbit-fetch:1.8']) {
    for (const machine of ['amd64', anArm] as const) await bring(ask, { id, machine })
  }
  for (const name of twelve.slice(0, 10)) {
    if (!['arm/v6', 'mips64le'].includes(name)) await bring(ask, { id: 'static-tools:3', machine: name as Machine })
  }
  await ask('PUT', `${container('static-tools:3')}/expected`, { architectures: twelve })
}

async function unfinishedContainers(ask: Ask): Promise<void> {
  await bring(ask, { id: 'ariamh:v2.1.0', machine: 'amd64' })
  await ask('PUT', `${container('ariamh:v2.1.0')}/expected`, { architectures: ['amd64', anArm] })
  await ask('PUT', `${container('ariamh:v2.1.0')}/builds/arm64`, { status: 'running', log, machine: 'builder-arm64-1' })
  await bring(ask, { id: 'topsapp:v1.7', machine: 'amd64' })
  await ask('PUT', `${container('topsapp:v1.7')}/expected`, { architectures: ['amd64', anArm] })
  await ask('PUT', `${container('topsapp:v1.7')}/builds/arm64`, { status: 'failed', reason: 'gcc: out of memory', log })
  await bring(ask, { id: 'lidar-tiles:0.9', machine: 'amd64' })
  await ask('PUT', `${container('lidar-tiles:0.9')}/expected`, { architectures: ['amd64', anArm, 'ppc64le'] })
  await ask('PUT', `${container('verdi:v5.0.0')}/expected`, { architectures: ['amd64', anArm] })
  await ask('PUT', `${container('verdi:v5.0.0')}/builds/amd64`, { status: 'pending' })
}

async function doubtfulContainers(ask: Ask): Promise<void> {
  await bring(ask, { id: 'isce3:0.15.1', machine: 'amd64' })
  await bring(ask, { id: 'isce3:0.15.1', machine: 'amd64', claimed: anArm })
  const images = { amd64: 's3://bucket/dswx-3.1.tar.gz', arm64: 's3://bucket/dswx-3.1-arm64.tar.gz' }
  await ask('PUT', container('opera-dswx:3.1'), { version: '3.1', digest: 'sha256:4f53', images })
  await ask('PUT', container('legacy-tool:2016'), { digest: 'sha256:0', url: 's3://bucket/legacy-tool.tar.gz' })
  await ask('PUT', container(hostileId), { version: '<b>1</b>', digest: '"><script>alert(2)</script>', images })
  await ask('PUT', `${container(hostileId)}/builds/riscv64`, {
    status: 'failed',
    reason: '<script>alert(3)</script>',
    log: 'javascript:alert(4)'
  })
}
