import type { PlanAnswer } from '../../schemas.ts'
import { clientCommand, print, textOf } from '../client/client-command.ts'
import { sourcesOf } from '../client/inputs.ts'
import { type Cell, complain, exit, heading, misuse, say, sayColumns, type Values } from '../terminal/terminal.ts'

const formats = ['text', 'json', 'names', 'jenkins', 'kubernetes']

export const plan = clientCommand({
  usage: 'plan ID [ARCH:]INPUT=VALUE... [--format FORMAT] [--image IMAGE --command COMMAND] [--check] [--url URL] [--json]',
  description: `Tells for each architecture whether to build it or to reuse its image, and why. An INPUT is something that images are built from, such as
commit, containerfile or base, and VALUE identifies it. With ARCH: it is for that architecture only, so that a change for ARM does not
rebuild AMD; otherwise it is for every expected architecture. Nothing is written.

Formats: text, json, names (of what to build, one a line), jenkins (an axis of a matrix), kubernetes (Jobs bound by kubernetes.io/arch).`,
  options: {
    format: { type: 'string', choices: formats, help: 'text, json, names, jenkins or kubernetes; default: text' },
    image: { type: 'string', help: 'with --format kubernetes: the image in which a build runs' },
    command: {
      type: 'string',
      multiple: true,
      help: 'with --format kubernetes: what it runs with sh -c; repeated, the words of a command'
    },
    namespace: { type: 'string', help: 'with --format kubernetes: the namespace of the Jobs' },
    'service-account': { type: 'string', help: 'with --format kubernetes: the service account of the Jobs' },
    check: { type: 'boolean', help: 'end with status 1 when there is anything to build' }
  },
  examples: [
    ['leporello plan hello:1 commit=9c0e1f2 arm64:containerfile=sha256:0d5a', 'tell what to build at this commit'],
    ['for arch in $(leporello plan hello:1 commit=9c0e1f2 --format names); do make image ARCH=$arch; done', 'build only that']
  ],
  needs: ['the id of a container', 'what it is built from, as commit=9c0e1f2'],
  maxPositionals: 200,
  run: async ({ api, values, positionals: [container, ...inputs], json }) => {
    const format = json ? 'json' : (textOf(values, 'format') ?? 'text')
    if (!formats.includes(format)) throw misuse(`--format is ${JSON.stringify(format)}; expected one of ${formats.join(', ')}`)
    const requested = format === 'jenkins' || format === 'kubernetes' ? format : 'json'
    const body = { container, sources: sourcesOf(inputs), ...(format === 'kubernetes' && { job: jobOf(values) }) }
    const request = { method: 'POST', path: '/api/v1/plan', query: { format: requested }, body }
    if (requested === 'jenkins') {
      say((await api.text(request)).trimEnd())
      return exit.done
    }
    const answer = await api.ask<PlanAnswer>(request)
    if (format === 'text' || format === 'names') for (const { message } of answer.warnings) complain(`warning: ${message}`)
    if (format === 'text') sayColumns([heading('ARCHITECTURE', 'ACTION', 'WHY'), ...answer.steps.map(stepCells)])
    else if (format === 'names') for (const name of answer.build) say(name)
    else print(answer)
    return values['check'] === true && answer.build?.length > 0 ? exit.wrong : exit.done
  }
})

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

const stepCells = ({ architecture, action, reason }: PlanAnswer['steps'][number]): Cell[] => [
  { text: architecture, colour: 'bold' },
  { text: action, colour: action === 'build' ? 'yellow' : 'green' },
  { text: reason }
]
