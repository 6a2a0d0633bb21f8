import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { appLayer, baseLayer } from './images.ts'
import type { Leporello } from './leporello.ts'
import { projectFolder } from './project.ts'
import { tarball } from './tarballs.ts'

const run = promisify(execFile)

export const arm64Layers = [baseLayer('arm64'), appLayer('arm64')]

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

export interface Workspace {
  folder: string
  /** A program of the pipeline, in the workspace. */
  run(program: string, ...args: string[]): Promise<Ended>
  view(id: string): Promise<any>
  builds(): Promise<string[]>
}

/** Stands in for docker: takes a tarball that was made beforehand, fails where it is told to, and writes down what it was asked for. */
export const buildImage = `#!/bin/sh
echo "$1" >> builds
if [ "$1" = "\${FAILING:-}" ]; then
  echo "no wheel of rasterio for $1"
  exit 3
fi
cp "$1.tar" "$3"
`

/** A folder as a job checks it out, with the leporello of this project on its PATH. */
export async function workspace(t: Test, { server, more = {} }: { server: Leporello; more?: Record<string, string> }): Promise<Workspace> {
  const folder = t.testdir()
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'leporello'), `#!/bin/sh\nexec node ${join(projectFolder, 'build/src/main.js')} "$@"\n`)
  await writeFile(join(folder, 'build-image'), buildImage)
  await writeFile(join(folder, 'Containerfile'), 'FROM scratch\n')
  await writeFile(join(folder, 'builds'), '')
  await writeFile(join(folder, 'amd64.tar'), tarball())
  await writeFile(join(folder, 'arm64.tar'), tarball({ architecture: 'arm64', layers: arm64Layers }))
  for (const program of [join(bin, 'leporello'), join(folder, 'build-image')]) await chmod(program, 0o755)
  await cp(join(projectFolder, 'examples/pipeline'), join(folder, 'examples/pipeline'), { recursive: true })
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    LEPORELLO_URL: server.url,
    BUILD_IMAGE: join(folder, 'build-image'),
    BUILD_URL: 'https://ci.example.org/job/17/',
    TIMEOUT: '20',
    ...more
  }
  return {
    folder,
    run: (program, ...args) =>
      run(program, args, { cwd: folder, env }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        ({ code, stdout, stderr }) => ({ code, stdout, stderr })
      ),
    view: async (id) => (await fetch(`${server.url}/api/v1/containers/${encodeURIComponent(id)}`)).json(),
    builds: async () => (await readFile(join(folder, 'builds'), 'utf8')).split('\n').filter(Boolean).sort()
  }
}
