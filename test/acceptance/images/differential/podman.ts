import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf, commandLineOf, type GoConfig, type Loader, refuse, run } from './loader.ts'
import { headsIn, startedIn } from './root-file-system.ts'

interface Inspected {
  Id: string
  Os: string
  Architecture: string
  Config: GoConfig['config']
  RootFS: { Layers: string[] }
}

// load takes the image for the machine that it runs on
const here = process.arch === 'x64' ? 'amd64' : process.arch

/** podman, with a storage of plain folders for each worker, as programs that share one wait for one another. */
export const podman = (home: string): Loader => ({
  name: 'podman',
  // it is slow, and reads documents with skopeo's code
  takes: ({ name, machine, choice, tag }) => machine === here && (choice !== 'tag' || tag !== undefined) && !/^(json|types)\//.test(name),
  load: ({ tag = '' }, { archive, worker }) =>
    answerOf(async () => {
      const storage = join(home, `storage-${worker}`)
      const place = [`--root=${storage}`, `--runroot=${join(home, `run-${worker}`)}`, '--storage-driver=vfs', '--events-backend=none']
      const said = await run(['podman', ...place, 'load', '-q', '-i', archive])
      const names = said
        .trim()
        .split('\n')
        .map((line) => line.replace(/^Loaded images?: (sha256:)?/, ''))
      const name = names.find((one) => one.endsWith(tag))
      if (name === undefined) throw refuse(`no image is ${tag}`)
      const [image] = JSON.parse(await run(['podman', ...place, 'image', 'inspect', name])) as [Inspected]
      const images = JSON.parse(readFileSync(join(storage, 'vfs-images/images.json'), 'utf8')) as { id: string; layer?: string }[]
      const layer = images.find(({ id }) => id === image.Id)?.layer
      if (layer === undefined) throw refuse('an image without layers')
      const root = join(storage, 'vfs/dir', layer)
      return {
        os: image.Os,
        architecture: image.Architecture,
        diffIds: image.RootFS.Layers,
        started: startedIn(root, commandLineOf(image.Config)),
        heads: headsIn(root)
      }
    })
})
