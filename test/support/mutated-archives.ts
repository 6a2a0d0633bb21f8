import { gzipSync } from 'node:zlib'
import { appLayer, baseLayer, craneTarball, nestedOciLayout, newDockerSave, oldDockerSave, skopeoArchive } from './images.ts'
import { createRandom, mutate, type Random } from './mutations.ts'
import { type Entry, tar } from './tar.ts'
import { zstd } from './zstd.ts'

const links: Entry[] = [
  { name: 'usr/bin/start', flag: '2', target: '../../app/run' },
  { name: 'app/run', body: '#!/usr/bin/env sh\n' },
  { name: 'app/.wh.hello', body: '' },
  { name: 'etc/.wh..wh..opq', body: '' },
  { name: 'app/again', flag: '1', target: 'app/run' },
  { name: 'n'.repeat(150), body: 'x' }
]
const image = { layers: [baseLayer(), appLayer(), links], config: { Entrypoint: ['start'] } }

interface Original {
  bytes: Buffer
  form: 'docker-archive' | 'oci-archive'
}

const originals: readonly Original[] = [
  { bytes: tar(oldDockerSave(image)), form: 'docker-archive' },
  { bytes: tar(newDockerSave({ ...image, packing: 'gzip' })), form: 'docker-archive' },
  { bytes: tar(newDockerSave({ ...image, packing: 'zstd' })), form: 'docker-archive' },
  { bytes: tar(craneTarball(image)), form: 'docker-archive' },
  { bytes: tar(skopeoArchive(image)), form: 'docker-archive' },
  { bytes: tar(nestedOciLayout(image, { architecture: 'arm64', layers: [appLayer('arm64')] })), form: 'oci-archive' },
  { bytes: gzipSync(tar(oldDockerSave(image))), form: 'docker-archive' },
  { bytes: zstd(tar(oldDockerSave(image))), form: 'docker-archive' }
]

/** The archive that a seed makes by changing an original, and the random numbers that follow. */
export function mutatedArchive(seed: number): Original & { random: Random } {
  const random = createRandom(seed)
  const { bytes, form } = random.oneOf(originals)
  return { bytes: mutate(bytes, random), form, random }
}
