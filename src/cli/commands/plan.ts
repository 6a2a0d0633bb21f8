import type { PlanAnswer } from '../../schemas.ts'
import { misuse } from '../client/api-error.ts'
import { clientCommand, print, textOf } from '../client/client-command.ts'
import { sourcesOf } from '../client/inputs.ts'
import { exit, say, type Values } from '../terminal/command.ts'
import { columns, heading, paintFor } from '../terminal/terminal.ts'

export const plan = clientCommand({
  usage: 'plan ID [ARCH:]INPUT=VALUE... [--format FORMAT] [--image IMAGE --command COMMAND] [--check] [--url URL] [--json]',
  description: `Says of each architecture whether to build it or to reuse the image that is there, and why. An INPUT is what images are made from,
such as commit, containerfile or base, by what identifies it; with ARCH: before it, it is that architecture's own. So a change for ARM
does not rebuild AMD. Inputs without ARCH are every expected architecture's. Nothing is written.

Formats: text, json, names (of what to build, one a line), jenkins (an axis of a matrix), kubernetes (Jobs bound by kubernetes.io/arch).`,
  options: {
    format: {
      type: 'string',
      choices: ['text', 'json', 'names', 'jenkins', 'kubernetes'],
      help: 'text, json, names, jenkins or kubernetes; default: text'
    },
    image: { type: 'string', help: 'with --format kubernetes: the image that a build runs in' },
    command: { type: 'string', multiple: true, help: 'with --format kubernetes: what it runs, for sh -c; or repeated, word by word' },
    namespace: { type: 'string', help: 'with --format kubernetes' },
    'service-account': { type: 'string', help: 'with --format kubernetes' },
    check: { type: 'boolean', help: 'end with 1 when there is anything to build' }
  },
  examples: [
    { command: 'leporello plan hello:1 commit=9c0e1f2 arm64:containerfile=sha256:0d5a', does: 'say what to build at this commit' },
    {
      command: 'for arch in $(leporello plan hello:1 commit=9c0e1f2 --format names); do make image ARCH=$arch; done',
      does: 'build just that'
    }
  ],
  needs: ['the id of a container', 'what it is made from, as commit=9c0e1f2'],
  maxPositionals: 200,
  run: async ({ api, values, positionals: [container, ...inputs], json }) => {
    const format = json ? 'json' : (textOf(values, 'format') ?? 'text')
    if (!formats.includes(format)) throw misuse(`--format is ${JSON.stringify(format)}; expected one of ${formats.join(', ')}`)
    const ours = format === 'jenkins' || format === 'kubernetes' ? format : 'json'
    const body = { container, sources: sourcesOf(inputs), ...(format === 'kubernetes' && { job: jobOf(values) }) }
    const asked = { method: 'POST', path: '/api/v1/plan', query: { format: ours }, body }
    if (ours === 'jenkins') {
      say((await api.text(asked)).trimEnd())
      return exit.done
    }
    const answer = await api.ask<PlanAnswer>(asked)
    if (format === 'text') for (const line of table(answer)) say(line)
    else if (format === 'names') for (const name of answer.build) say(name)
    else print(answer)
    return values['check'] === true && answer.build?.length > 0 ? exit.wrong : exit.done
  }
})

const formats = ['text', 'json', 'names', 'jenkins', 'kubernetes']

function jobOf(values: Values) {
  const image = textOf(values, 'image')
  const command = values['command'] as string[] | undefined
  if (image === undefined || command === undefined) throw misuse('--format kubernetes needs --image and --command')
  return {
    image,
    command: command.length === 1 ? ['sh', '-c', ...command] : command,
    namespace: textOf(values, 'namespace'),
    serviceAccount: textOf(values, 'service-account')
  }
}

function table({ steps }: PlanAnswer): string[] {
  const rows = steps.map(({ architecture, action, reason }) => [
    { text: architecture, colour: 'bold' as const },
    { text: action, colour: action === 'build' ? ('yellow' as const) : ('green' as const) },
    { text: reason }
  ])
  return columns([heading('ARCHITECTURE', 'ACTION', 'WHY'), ...rows], paintFor(process.stdout))
}
