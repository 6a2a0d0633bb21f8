import { knownArchitectures } from '../../domain/architecture.ts'
import type { WaitAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { misuse } from '../client/api-error.ts'
import { clientCommand, numberOf, print, textOf } from '../client/client-command.ts'
import { complain, exit, say } from '../terminal/command.ts'
import { harmless, paintFor } from '../terminal/terminal.ts'
import { stateColours } from './show.ts'

const goals = ['complete', 'degraded', 'settled']
/** How long one request may take: proxies give up after a minute. */
const atOnceS = 25

export const wait = clientCommand({
  usage: 'wait ID [--for complete|degraded|settled] [--arch ARCH] [--timeout SECONDS] [--url URL] [--json]',
  description: `Waits until a container is complete, and tells meanwhile what is missing. It ends early, with status 1, when it is degraded: a build
failed, or an image is not what it is said to be; --for settled takes that as an answer too. Ends with 1 when time is up.`,
  options: {
    for: { type: 'string', choices: goals, help: 'complete, degraded, or settled, which is either; default: complete' },
    arch: { type: 'string', choices: [...knownArchitectures], help: 'only this architecture matters' },
    timeout: { type: 'string', help: 'in seconds; default: 3600' }
  },
  examples: [
    { command: 'leporello wait container-hello:v1 --timeout 7200 && deploy', does: 'go on when all architectures are there' },
    { command: 'leporello wait container-hello:v1 --arch arm64', does: 'go on when its ARM image is there, whatever the others do' }
  ],
  needs: ['the id of a container'],
  maxPositionals: 1,
  run: async ({ api, values, positionals: [id], json }) => {
    const goal = textOf(values, 'for') ?? 'complete'
    if (!goals.includes(goal)) throw misuse(`--for is ${JSON.stringify(goal)}; expected one of ${goals.join(', ')}`)
    const until = Date.now() + (numberOf(values, { name: 'timeout' }) ?? 3600) * 1000
    // a build that failed is not waited for, unless that is what is waited for
    const asked = goal === 'complete' ? 'settled' : goal
    const path = `${pathOf`/api/v1/containers/${id!}`}/wait`
    let told = ''
    for (;;) {
      const timeout = Math.min(atOnceS, Math.max(0, Math.ceil((until - Date.now()) / 1000)))
      const answer = await api.ask<WaitAnswer>({ path, query: { for: asked, architecture: textOf(values, 'arch'), timeout } })
      const ended = answer.reached || Date.now() >= until
      const progress = progressOf(answer)
      if (ended) return finished(answer, { id: id!, goal, json })
      if (progress !== told) complain(harmless(`${new Date().toISOString()}  ${id}: ${progress}`))
      told = progress
    }
  }
})

const progressOf = ({ state, reasons }: WaitAnswer) => [state, ...reasons.map(({ message }) => message)].join('; ')

function finished(answer: WaitAnswer, { id, goal, json }: { id: string; goal: string; json: boolean }): number {
  const { state, reasons, reached } = answer
  const done = goal === 'settled' ? reached : state === goal
  const paint = paintFor(process.stdout)
  if (json) print({ ...answer, for: goal, reached: done })
  else {
    say(`${harmless(id)}: ${paint(state, stateColours[state])}${reached ? '' : ', and time is up'}`)
    for (const { message, since } of reasons) say(harmless(`- ${message}${since ? `, since ${since}` : ''}`))
  }
  return done ? exit.done : exit.wrong
}
