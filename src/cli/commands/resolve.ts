import { machine } from 'node:os'
import { knownArchitectures } from '../../domain/architecture.ts'
import type { Resolution } from '../../schemas.ts'
import { clientCommand, print } from '../client/client-command.ts'
import { complain, exit, say } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

export const resolve = clientCommand({
  usage: 'resolve ID [ARCH] [--force] [--url URL] [--json]',
  description: `Says what a machine of an architecture pulls: the URL of its image, and nothing else. Without ARCH: this machine's. What there is no
image for, or whose bytes are proven to be for others, is refused, never answered with another architecture's image.`,
  options: { force: { type: 'boolean', help: 'give also an image that is proven to be for other machines' } },
  examples: [
    { command: 'leporello resolve container-hello:v1 aarch64', does: 'print the URL of its ARM image' },
    { command: 'docker load -i "$(leporello resolve container-hello:v1)"', does: 'load what this machine can run, where images are files' }
  ],
  needs: ['the id of a container'],
  maxPositionals: 2,
  completes: [[], [...knownArchitectures]],
  run: async ({ api, values, positionals: [id, arch = machine()], json }) => {
    const query = { id, arch, ...(values['force'] === true && { force: true }) }
    const { result } = await api.ask<{ result: Resolution }>({ path: '/api/v0.1/container/resolve', query })
    if (json) print(result)
    else say(harmless(result.url))
    if (result.architecture === null && !json) {
      complain(`leporello: ${harmless(id!)} names no architectures; nobody vouches that this image is for ${arch}`)
    }
    return exit.done
  }
})
