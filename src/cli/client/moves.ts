import type { ChannelAnswer } from '../../schemas.ts'
import { exit, say } from '../terminal/command.ts'
import { counted, harmless } from '../terminal/terminal.ts'
import { print } from './client-command.ts'

/** Prints what a promotion did, or would do. */
export function printMove(answer: ChannelAnswer, { dryRun, json }: { dryRun: boolean; json: boolean }): number {
  const { channel, unchanged, written, removed } = answer
  if (json) print({ ...answer, dryRun })
  else if (unchanged && !dryRun) say(harmless(`${channel.channel}: has this set already; unchanged`))
  else {
    const done = dryRun ? 'would be moved' : `moved, promotion ${channel.number}`
    say(
      harmless(
        `${channel.channel}: ${done}: ${counted(channel.images, 'image')}, ${written.length} changed, ${removed.length} lost the tag`
      )
    )
    for (const id of removed) say(harmless(`  removed: ${id}`))
  }
  return exit.done
}
