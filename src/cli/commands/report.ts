import { hostname, machine } from 'node:os'
import { knownArchitectures, parseArchitecture } from '../../domain/architecture.ts'
import type { JobAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { changeOf, changeOptions, clientCommand, output, textOf } from '../client/client-command.ts'
import { sourcesOf, textOfFile } from '../client/inputs.ts'
import { misuse } from '../terminal/terminal.ts'

const statuses = ['pending', 'running', 'succeeded', 'failed']

export const report = clientCommand({
  usage:
    'report ID ARCH pending|running|succeeded|failed [--reason TEXT] [--log URL] [--source INPUT=VALUE]... [--containerfile FILE] [--test] [--url URL] [--json]',
  description: `Reports the status of the build of one architecture, or of its test. A failure makes the container degraded, with the reason; the
other architectures stay usable. A running build that is not reported again for a while becomes stale. The report names this machine.`,
  options: {
    reason: { type: 'string', help: 'why it failed, for people' },
    log: { type: 'string', help: 'where its log is' },
    source: { type: 'string', multiple: true, help: 'what the image is built from, as commit=9c0e1f2; for leporello plan' },
    containerfile: { type: 'string', help: 'the Containerfile that it is built from, for leporello dist-git' },
    test: { type: 'boolean', help: 'report a test of the image, not its build' },
    emulated: { type: 'boolean', help: 'it runs under emulation, such as qemu' },
    'dry-run': changeOptions['dry-run']
  },
  examples: [
    ['leporello report hello:1 arm64 running --source commit=9c0e1f2', 'report that its ARM build has begun'],
    ["leporello report hello:1 arm64 failed --reason 'no wheel of rasterio' --log $BUILD_URL", 'report why there will be no ARM image']
  ],
  needs: ['the id of a container', 'an architecture', `a status: ${statuses.join(', ')}`],
  completes: [[], [...knownArchitectures], statuses],
  run: async ({ api, values, positionals: [id, name, status], json }) => {
    if (!statuses.includes(status!)) throw misuse(`${JSON.stringify(status)} is not a status; expected ${statuses.join(', ')}`)
    const architecture = parseArchitecture(name!)
    const kind = values['test'] === true ? 'test' : 'build'
    const { query } = changeOf(values)
    const sources = sourcesOf((values['source'] as string[] | undefined) ?? [])
    const source = { ...sources['*'], ...sources[architecture] }
    const containerfile = textOf(values, 'containerfile')
    const body = {
      status,
      reason: textOf(values, 'reason'),
      log: textOf(values, 'log'),
      ...(Object.keys(source).length > 0 && { source }),
      ...(containerfile !== undefined && { containerfile: textOfFile(containerfile) }),
      machine: { name: hostname(), architecture: machine(), ...(values['emulated'] === true && { emulated: true }) }
    }
    const path = `${pathOf`/api/v1/containers/${id!}`}/${kind}s/${encodeURIComponent(architecture)}`
    const answer = await api.ask<JobAnswer>({ method: 'PUT', path, query, body })
    output(json, { value: answer, line: `${id}  ${architecture}: ${kind} ${answer.status}${answer.reason ? `: ${answer.reason}` : ''}` })
  }
})
