import { parseArchitecture } from '../../domain/architecture.ts'
import type { RemovalAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, print, textOf } from '../client/client-command.ts'
import { complain, exit, say } from '../terminal/command.ts'
import { harmless } from '../terminal/terminal.ts'

export const rm = clientCommand({
  usage: 'rm ID [--arch ARCH] [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description:
    'Takes a container out of the catalogue, or one image of it. Tarballs that were uploaded for it and that no other\ncontainer names are removed after LEPORELLO_DELETE_GRACE; others are not touched.',
  options: {
    arch: { type: 'string', help: 'only the image for this architecture, as arm64, aarch64 or x86_64' },
    ...changeOptions
  },
  examples: [
    { command: 'leporello rm container-hello:v1 --arch arm64', does: 'take its ARM image away; the others stay' },
    { command: "leporello rm container-hello:v1 --reason 'superseded by v2'", does: 'take the container away, and say why' }
  ],
  needs: ['the id of a container'],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [id], json }) => {
    const arch = textOf(values, 'arch')
    const { query, headers, dryRun } = changeOf(values)
    const architecture = arch === undefined ? null : parseArchitecture(arch)
    const path = pathOf`/api/v1/containers/${id!}` + (architecture ? pathOf`/images/${architecture}` : '')
    const image = architecture ? `  ${architecture}` : ''
    const answer = await api.ask<Partial<RemovalAnswer>>({ method: 'DELETE', path, query, headers })
    if (json) print({ id, architecture, dryRun, ...answer })
    else say(harmless(`${id}${image}: ${dryRun ? 'would be removed' : 'removed'}`))
    for (const { message } of answer.warnings ?? []) complain(harmless(`leporello: ${message}`))
    return exit.done
  }
})
