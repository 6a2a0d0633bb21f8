import { machine } from 'node:os'
import { knownArchitectures } from '../../domain/architecture.ts'
import type { Resolution } from '../../schemas.ts'
import { clientCommand, output } from '../client/client-command.ts'
import { complain, harmless } from '../terminal/terminal.ts'

export const resolve = clientCommand({
  usage: 'resolve ID [ARCH] [--force] [--url URL] [--json]',
  description: `Prints the URL of the image that a machine of an architecture runs, and nothing else. ARCH is this machine's unless given. Where there
is no such image, or its bytes are proven to be for another architecture, it is refused: never another architecture's image.`,
  options: { force: { type: 'boolean', help: 'also print an image that is proven to be for other machines' } },
  examples: [
    ['leporello resolve container-hello:v1 aarch64', 'print the URL of its ARM image'],
    ['docker load -i "$(leporello resolve container-hello:v1)"', 'load the image for this machine, where images are files']
  ],
  needs: ['the id of a container'],
  maxPositionals: 2,
  completes: [[], [...knownArchitectures]],
  run: async ({ api, values, positionals: [id, arch = machine()], json }) => {
    const query = { id, arch, ...(values['force'] === true && { force: true }) }
    const { result } = await api.ask<{ result: Resolution }>({ path: '/api/v0.1/container/resolve', query })
    output(json, { value: result, line: result.url })
    if (result.architecture === null && !json) {
      complain(`leporello: ${harmless(id!)} has no architectures; nothing tells whether this image is for ${arch}`)
    }
  }
})
