import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProgram, eventually, freePort, runProgram } from '../../../support/processes.ts'
import { crane, craneProgram } from './crane.ts'
import type { Loader } from './loader.ts'
import { podman } from './podman.ts'
import { skopeoAndUmoci, umoci } from './umoci.ts'

/** The loaders that are compared, with a registry for crane and a storage for podman, which wants a short path. */
export async function startLoaders(): Promise<{ loaders: readonly Loader[]; stop(): Promise<void> }> {
  const address = `127.0.0.1:${await freePort()}`
  const home = mkdtempSync(join(tmpdir(), 'podman-'))
  const loaders = [skopeoAndUmoci('docker-archive'), skopeoAndUmoci('oci-archive'), crane(address), umoci, podman(home)]
  const registry = runProgram([craneProgram, 'registry', 'serve', '--address', address])
  const stop = async () => {
    await endProgram(registry)
    rmSync(home, { recursive: true, force: true })
  }
  await eventually(async () => (await fetch(`http://${address}/v2/`)).ok || undefined, { what: 'crane serves' })
  return { loaders, stop }
}
