import { knownArchitectures } from '../../domain/architecture.ts'
import type { WaitAnswer } from '../../schemas.ts'
import { pathOf } from '../client/api.ts'
import { clientCommand, numberOf, print, textOf } from '../client/client-command.ts'
import { complain, exit, harmless, misuse, paintFor, say } from '../terminal/terminal.ts'
import { stateColours } from './show.ts'

const goals = ['complete', 'degraded', 'settled']
/** How long one request waits: proxies give up after a minute. */
const requestS = 25

export const wait = clientCommand({
  usage: 'wait ID [--for complete|degraded|settled] [--arch ARCH] [--timeout SECONDS] [--url URL] [--json]',
  description: `Waits until a container is complete, and prints what is missing meanwhile. Ends early, with status 1, when it becomes degraded: a build
failed, or an image is not what it is said to be; with --for settled, that ends the wait with 0. Ends with 1 when the time is up.`,
  options: {
    for: { type: 'string', choices: goals, help: 'complete, degraded, or settled, which is either; default: complete' },
    arch: { type: 'string', choices: [...knownArchitectures], help: 'wait for this architecture only' },
    timeout: { type: 'string', help: 'in seconds; default: 3600' }
  },
  examples: [
    ['leporello wait container-hello:v1 --timeout 7200 && deploy', 'continue when all architectures are there'],
    ['leporello wait container-hello:v1 --arch arm64', 'continue when its ARM image is there, whatever the others do']
  ],
  needs: ['the id of a container'],
  run: async ({ api, values, positionals: [id], json }) => {
    const goal = textOf(values, 'for') ?? 'complete'
    if (!goals.includes(goal)) throw misuse(`--for is ${JSON.stringify(goal)}; expected one of ${goals.join(', ')}`)
    const until = Date.now() + (numberOf(values, { name: 'timeout' }) ?? 3600) * 1000
    // who waits for complete is not to wait on after a failed build
    const requested = goal === 'complete' ? 'settled' : goal
    const path = `${pathOf`/api/v1/containers/${id!}`}/wait`
    let printed = ''
    for (;;) {
      const timeout = Math.min(requestS, Math.max(0, Math.ceil((until - Date.now()) / 1000)))
      const answer = await api.ask<WaitAnswer>({ path, query: { for: requested, architecture: textOf(values, 'arch'), timeout } })
      const progress = progressOf(answer)
      if (answer.reached || Date.now() >= until) return finished(answer, { id: id!, goal, json })
      if (progress !== printed) complain(harmless(`${new Date().toISOString()}  ${id}: ${progress}`))
      printed = progress
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
    say(`${harmless(id)}: ${paint(state, stateColours[state])}${reached ? '' : ', and the time is up'}`)
    for (const { message, since } of reasons) say(harmless(`- ${message}${since ? `, since ${since}` : ''}`))
  }
  return done ? exit.done : exit.wrong
}
