import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { answerOf, commandLineOf, type GoConfig, type Loader, run } from './loader.ts'
import { headsIn, startedIn } from './root-file-system.ts'

export const craneProgram = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'leporello/images/crane-v0.22.1')

/** crane pushes an archive to its own registry at `address`, chooses the image for a machine, and flattens that into one layer. */
export function crane(address: string): Loader {
  let count = 0
  return {
    name: 'crane',
    takes: ({ tag }) => tag === undefined,
    load: ({ machine, forms: [form] }, { archive, folder }) =>
      answerOf(async () => {
        const name = `it${++count}`
        const repository = `${address}/${name}`
        const [layout, unpacked] = [join(folder, 'layout'), join(folder, 'unpacked')]
        for (const one of [layout, unpacked]) mkdirSync(one)
        if (form === 'oci-archive') await run(['tar', '-xf', archive, '-C', layout, '--no-same-owner'])
        await run([craneProgram, 'push', form === 'oci-archive' ? layout : archive, `${repository}:whole`])
        const digest = (await run([craneProgram, 'digest', `--platform=linux/${machine}`, `${repository}:whole`])).trim()
        const [, flat = ''] = (await run([craneProgram, 'flatten', `${repository}@${digest}`])).trim().split('@')
        const { config, files } = await flattened(`http://${address}/v2/${name}`, flat)
        const layer = join(folder, 'layer.tar.gz')
        writeFileSync(layer, files)
        await run(['tar', '-xf', layer, '-C', unpacked, '--no-same-owner'])
        return {
          os: config.os,
          architecture: config.architecture,
          variant: config.variant ?? '',
          started: startedIn(unpacked, commandLineOf(config.config)),
          heads: headsIn(unpacked)
        }
      })
  }
}

async function flattened(url: string, digest: string): Promise<{ config: GoConfig; files: Buffer }> {
  const get = async (path: string) => Buffer.from(await (await fetch(`${url}/${path}`)).arrayBuffer())
  const manifest = JSON.parse((await get(`manifests/${digest}`)).toString()) as { config: { digest: string }; layers: { digest: string }[] }
  const config = JSON.parse((await get(`blobs/${manifest.config.digest}`)).toString()) as GoConfig
  return { config, files: await get(`blobs/${manifest.layers[0]!.digest}`) }
}
