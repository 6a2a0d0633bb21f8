import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Form } from './case.ts'
import { answerOf, commandLineOf, type GoConfig, type Loader, platformOf, run } from './loader.ts'
import { headsIn, startedIn } from './root-file-system.ts'

const unpack = (image: string, bundle: string) => run(['umoci', 'unpack', '--rootless', '--image', image, bundle])

/** skopeo chooses the image and copies it to an OCI layout with gzipped layers; umoci, which checks the diff ids, unpacks that. */
export const skopeoAndUmoci = (form: Form): Loader => ({
  name: `skopeo ${form}, umoci`,
  takes: ({ forms }) => forms.includes(form),
  load: ({ machine, tag }, { archive, folder }) =>
    answerOf(async () => {
      const { architecture, variant } = platformOf(machine)
      const platform = ['--override-os=linux', `--override-arch=${architecture}`, ...(variant ? [`--override-variant=${variant}`] : [])]
      const source = `${form}:${archive}${tag === undefined ? '' : `:${tag}`}`
      const image = `${join(folder, 'layout')}:it`
      const packing = ['--dest-compress', '--dest-compress-format=gzip']
      await run(['skopeo', '--insecure-policy', ...platform, 'copy', '-q', ...packing, source, `oci:${image}`])
      const config = JSON.parse(await run(['skopeo', ...platform, 'inspect', '--config', `oci:${image}`])) as GoConfig
      await unpack(image, join(folder, 'bundle'))
      const root = join(folder, 'bundle/rootfs')
      return {
        os: config.os,
        architecture: config.architecture,
        variant: config.variant ?? '',
        diffIds: config.rootfs.diff_ids ?? [],
        started: startedIn(root, commandLineOf(config.config)),
        heads: headsIn(root)
      }
    })
})

interface RuntimeSpec {
  process: { args?: string[]; env?: string[]; cwd: string }
  annotations: Record<string, string>
}

/** umoci alone, on the layout as it was in the archive: it neither chooses by platform nor knows zstd. */
export const umoci: Loader = {
  name: 'umoci',
  takes: ({ forms, choice, bytes }) =>
    forms.includes('oci-archive') && choice === undefined && bytes.includes('image.ref.name') && !bytes.includes('tar+zstd'),
  load: (_, { archive, folder }) =>
    answerOf(async () => {
      const layout = join(folder, 'layout')
      await run(['mkdir', layout])
      await run(['tar', '-xf', archive, '-C', layout, '--no-same-owner'])
      const tags = (await run(['umoci', 'list', '--layout', layout])).trim().split('\n')
      await unpack(`${layout}:${tags[0]}`, join(folder, 'bundle'))
      const { process, annotations } = JSON.parse(readFileSync(join(folder, 'bundle/config.json'), 'utf8')) as RuntimeSpec
      const root = join(folder, 'bundle/rootfs')
      return {
        os: annotations['org.opencontainers.image.os'] ?? '',
        architecture: annotations['org.opencontainers.image.architecture'] ?? '',
        started: startedIn(root, { argv: process.args ?? [], env: process.env ?? [], workingDirectory: process.cwd }),
        heads: headsIn(root)
      }
    })
}
