import { join } from 'node:path'
import type { DockerEngine } from './docker-engine.ts'
import { run } from './oci-clients.ts'

/** What the clients work with. */
export interface ClientTools {
  /** A folder for what they keep and save, whose path is short: podman takes no longer one than 50 characters. */
  folder: string
  /** The registry, `127.0.0.1:8888`. */
  host: string
  engine: DockerEngine
  /** The files of those that are built with Go. */
  programs: { crane: string; regctl: string; oras: string }
  /** An image as docker-archive and as oci-archive, for each architecture. */
  archives: { [architecture: string]: { docker: string; oci: string } }
  /** An image of both architectures in the registry. */
  seed: string
  /** The same in an OCI layout, `oci:FOLDER:TAG` without the scheme. */
  layout: string
}

/** A real registry client. References are without the registry: `real/hello:v1`. */
export interface RegistryClient {
  name: string
  /** Pushes the images of both architectures as one. */
  push(reference: string): void
  /** Pulls what a machine of that architecture gets, and returns what its configuration says. Throws what the client complained about. */
  pull(reference: string, architecture: string): string
  /** What the client says of a platform that is not there. Most name it. */
  refusal: (architecture: string) => RegExp
}

type Make = (tools: ClientTools) => Omit<RegistryClient, 'name' | 'refusal'> & Partial<Pick<RegistryClient, 'refusal'>>

const architectures = ['amd64', 'arm64']
const withoutTag = (reference: string) => reference.slice(0, reference.lastIndexOf(':'))
const naming = (architecture: string) => new RegExp(`\\b${architecture}\\b`)

let saved = 0
const newFile = ({ folder }: ClientTools) => join(folder, `saved-${saved++}`)
const savedArchitecture = (image: string): string => JSON.parse(run('skopeo', 'inspect', '--config', image)).architecture

const makers: Record<string, Make> = {
  docker: ({ engine: { docker }, host, archives }) => ({
    push(reference) {
      const images = architectures.map((architecture) => {
        const image = `${host}/${withoutTag(reference)}-${architecture.slice(0, 3)}:1`
        const [, id] = /Loaded image: (\S+)/.exec(docker('load', '-i', archives[architecture]!.docker))!
        docker('tag', id!, image)
        docker('push', '-q', image)
        return image
      })
      docker('manifest', 'create', '--insecure', `${host}/${reference}`, ...images.flatMap((image) => ['--amend', image]))
      docker('manifest', 'push', '--insecure', '--purge', `${host}/${reference}`)
    },
    pull(reference, architecture) {
      const image = `${host}/${reference}`
      docker('pull', '-q', '--platform', `linux/${architecture}`, image)
      const pulled = docker('image', 'inspect', '-f', '{{.Architecture}}', image)
      docker('rmi', image)
      return pulled
    }
  }),

  containerd: (tools) => {
    const { engine, host, seed } = tools
    return {
      push(reference) {
        engine.ctr('images', 'pull', '--plain-http', '--all-platforms', `${host}/${seed}`)
        engine.ctr('images', 'tag', '--force', `${host}/${seed}`, `${host}/${reference}`)
        engine.ctr('images', 'push', '--plain-http', `${host}/${reference}`)
      },
      pull(reference, architecture) {
        const file = newFile(tools)
        const image = `${host}/${reference}`
        engine.ctr('images', 'rm', '--sync', image)
        engine.ctr('images', 'pull', '--plain-http', '--platform', `linux/${architecture}`, image)
        engine.ctr('images', 'export', '--platform', `linux/${architecture}`, file, image)
        return savedArchitecture(`docker-archive:${file}`)
      },
      refusal: () => /no match for platform in manifest/
    }
  },

  podman: ({ folder, host, archives }) => {
    const podman = (...args: string[]) => run('podman', '--root', join(folder, 'p'), '--runroot', join(folder, 'pr'), ...vfs, ...args)
    return {
      push(reference) {
        podman('manifest', 'create', reference)
        for (const { docker } of Object.values(archives)) podman('manifest', 'add', reference, `docker-archive:${docker}`)
        podman('manifest', 'push', '--all', '--tls-verify=false', reference, `docker://${host}/${reference}`)
      },
      pull(reference, architecture) {
        const id = podman('pull', '-q', '--tls-verify=false', '--arch', architecture, `${host}/${reference}`)
        return podman('image', 'inspect', '-f', '{{.Architecture}}', id)
      }
    }
  },

  buildah: ({ folder, host, archives }) => {
    const buildah = (...args: string[]) => run('buildah', '--root', join(folder, 'b'), '--runroot', join(folder, 'br'), ...vfs, ...args)
    return {
      push(reference) {
        buildah('manifest', 'create', reference)
        for (const { oci } of Object.values(archives)) buildah('manifest', 'add', reference, `oci-archive:${oci}`)
        buildah('manifest', 'push', '--all', '--tls-verify=false', reference, `docker://${host}/${reference}`)
      },
      pull(reference, architecture) {
        const id = buildah('pull', '-q', '--tls-verify=false', '--arch', architecture, `${host}/${reference}`)
        return buildah('inspect', '--type', 'image', '--format', '{{.OCIv1.Architecture}}', id)
      }
    }
  },

  skopeo: (tools) => ({
    push: (reference) =>
      void skopeo('copy', '-q', '--all', '--dest-tls-verify=false', `oci:${tools.layout}`, `docker://${tools.host}/${reference}`),
    pull(reference, architecture) {
      const image = `docker-archive:${newFile(tools)}`
      skopeo('--override-arch', architecture, 'copy', '-q', '--src-tls-verify=false', `docker://${tools.host}/${reference}`, image)
      return savedArchitecture(image)
    }
  }),

  crane: (tools) => {
    const crane = (command: string[], ...args: string[]) => run(tools.programs.crane, ...command, '--insecure', ...args)
    return {
      push(reference) {
        const images = architectures.map((architecture, i) => {
          const image = `${tools.host}/${withoutTag(reference)}:part${i}`
          crane(['push'], tools.archives[architecture]!.docker, image)
          return image
        })
        crane(['index', 'append'], ...images.flatMap((image) => ['-m', image]), '-t', `${tools.host}/${reference}`)
      },
      pull(reference, architecture) {
        const file = newFile(tools)
        crane(['pull'], '--platform', `linux/${architecture}`, `${tools.host}/${reference}`, file)
        return savedArchitecture(`docker-archive:${file}`)
      }
    }
  },

  regctl: (tools) => {
    const regctl = (...args: string[]) => run(tools.programs.regctl, '--host', `reg=${tools.host},tls=disabled`, ...args)
    return {
      push(reference) {
        const images = architectures.map((architecture, i) => {
          const image = `${tools.host}/${withoutTag(reference)}:part${i}`
          regctl('image', 'import', image, tools.archives[architecture]!.oci)
          return image
        })
        regctl('index', 'create', `${tools.host}/${reference}`, ...images.flatMap((image) => ['--ref', image]))
      },
      pull(reference, architecture) {
        const file = newFile(tools)
        regctl('image', 'export', '--platform', `linux/${architecture}`, `${tools.host}/${reference}`, file)
        return savedArchitecture(`docker-archive:${file}`)
      }
    }
  },

  oras: (tools) => {
    const oras = (...args: string[]) => run(tools.programs.oras, ...args)
    return {
      push: (reference) => void oras('cp', '--from-oci-layout', tools.layout, '--to-plain-http', `${tools.host}/${reference}`),
      pull(reference, architecture) {
        const image = `${newFile(tools)}:pulled`
        const from = ['--from-plain-http', '--platform', `linux/${architecture}`, `${tools.host}/${reference}`]
        oras('cp', ...from, '--to-oci-layout', image)
        return savedArchitecture(`oci:${image}`)
      },
      refusal: () => /no matching manifest was found in the manifest list/
    }
  }
}

const vfs = ['--storage-driver', 'vfs']
const skopeo = (...args: string[]) => run('skopeo', '--insecure-policy', ...args)

export const registryClients = (tools: ClientTools): RegistryClient[] =>
  Object.entries(makers).map(([name, make]) => ({ name, refusal: naming, ...make(tools) }))
