import { maskSecrets } from '../domain/secrets.ts'
import type { ContainerView, ImageView } from '../schemas.ts'
import { pathOf } from './api.ts'
import { clientCommand, print } from './client-command.ts'
import { exit, say } from './command.ts'
import { type Cell, type Colour, columns, harmless, heading, type Paint, paintFor, size } from './terminal.ts'

export const show = clientCommand({
  usage: 'show ID [--url URL] [--json]',
  description: 'Shows a container as a matrix of its architectures: what is there, what is proven, and what is missing.',
  options: {},
  examples: [{ command: 'leporello show container-hello:v1', does: 'see which machines can run it' }],
  needs: ['the id of a container'],
  maxPositionals: 1,
  run: async ({ api, positionals: [id], json }) => {
    const container = await api.ask<ContainerView>({ path: pathOf`/api/v1/containers/${id!}` })
    if (json) print(container)
    else for (const line of matrix(container, paintFor(process.stdout))) say(line)
    return Object.values(container.images).some(({ verdict, status }) => wrong(verdict) || status === 'gone') ? exit.wrong : exit.done
  }
})

const wrong = (verdict: ImageView['verdict']) => verdict === 'mislabelled' || verdict === 'mixed' || verdict === 'unreadable'

/** For people: one row an architecture. */
export function matrix({ id, version, digest, url, revision, images }: ContainerView, paint: Paint): string[] {
  const rows = Object.values(images).map(imageRow)
  const header = heading('ARCHITECTURE', 'IMAGE', 'VERDICT', 'SIZE', 'DIGEST', 'URL')
  return [
    paint(harmless(id), 'bold'),
    ...columns(
      [
        ['version', version ?? '-'],
        ['digest', digest ?? '-'],
        ['revision', revision],
        ...(rows.length === 0 ? [['url', maskSecrets(url ?? '-')]] : [])
      ].map(([name, value]) => [{ text: `  ${name}`, colour: 'dim' as const }, { text: value! }]),
      paint
    ),
    '',
    ...(rows.length === 0 ? ['It names no architectures: every machine is given its url.'] : columns([header, ...rows], paint))
  ]
}

function imageRow({ architecture, status, verdict, proven, size: bytes, digest, url }: ImageView): Cell[] {
  const proof = verdict === 'mislabelled' && proven ? `${verdict}: ${proven}` : verdict
  return [
    { text: architecture, colour: 'bold' },
    { text: status === 'unknown' ? 'listed' : status, colour: status === 'gone' ? 'red' : undefined },
    { text: proof, colour: colourOf(verdict) },
    { text: size(bytes) },
    { text: digest?.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…') ?? '-' },
    { text: maskSecrets(url) }
  ]
}

const colourOf = (verdict: ImageView['verdict']): Colour | undefined => (verdict === 'match' ? 'green' : wrong(verdict) ? 'red' : 'yellow')
