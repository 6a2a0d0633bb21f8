import { parseArchitecture } from '../../domain/architecture.ts'
import type { RemovalAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, output, textOf, warn } from '../client/client-command.ts'

export const rm = clientCommand({
  usage: 'rm ID [--arch ARCH] [--force] [--reason TEXT] [--dry-run] [--url URL] [--json]',
  description:
    'Removes a container, or one of its images. Tarballs that were uploaded for it are deleted after LEPORELLO_DELETE_GRACE, unless another\ncontainer uses them; other tarballs stay.',
  options: {
    arch: { type: 'string', help: 'only the image for this architecture, such as arm64, aarch64 or x86_64' },
    force: { type: 'boolean', help: 'also what a channel or a release names' },
    ...changeOptions
  },
  examples: [
    ['leporello rm container-hello:v1 --arch arm64', 'remove its ARM image; the others stay'],
    ["leporello rm container-hello:v1 --reason 'superseded by v2'", 'remove the container, and say why']
  ],
  needs: ['the id of a container'],
  run: async ({ api, values, positionals: [id], json }) => {
    const arch = textOf(values, 'arch')
    const { query, headers, dryRun } = changeOf(values)
    const architecture = arch === undefined ? null : parseArchitecture(arch)
    const path = pathOf`/api/v1/containers/${id!}` + (architecture ? pathOf`/images/${architecture}` : '')
    const force = values['force'] === true ? { force: true } : {}
    const answer = await api.ask<Partial<RemovalAnswer>>({ method: 'DELETE', path, query: { ...query, ...force }, headers })
    const line = `${id}${architecture ? `  ${architecture}` : ''}: ${dryRun ? 'would be removed' : 'removed'}`
    output(json, { value: { id, architecture, dryRun, ...answer }, line })
    warn(answer.warnings)
  }
})
