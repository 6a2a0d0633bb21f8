import type { Config } from '../../config/config.ts'
import { openStores, using } from '../../opening.ts'
import { failure, withConfig } from '../client/client-command.ts'
import { type Command, complain, exit, refuse, say, type Values } from '../terminal/terminal.ts'

export const migrate: Command = {
  usage: 'migrate [--json]',
  description: `Migrates the indices or tables to this program's version, and prints what it applied. The server does the same when it starts. It
may be repeated, and on an engine several may run at once.

Exit status: 0 done, 1 the configuration is wrong or the store cannot be used, 64 usage.`,
  options: { json: { type: 'boolean', help: 'print the outcome as JSON' } },
  examples: [['leporello migrate', 'prepare the store that LEPORELLO_STORE names']],
  run: ({ values }) => withConfig(values, (config) => run(config, values))
}

async function run(config: Config, values: Values): Promise<number> {
  const json = values['json'] === true
  try {
    const { version, applied } = await using(openStores(config), (stores) => stores.migrate())
    if (json) say(JSON.stringify({ version, applied }))
    else if (applied.length === 0) say(`Nothing to do: the store is at version ${version}.`)
    else say(`The store is at version ${version} now. Applied: ${applied.join(', ')}.`)
    return exit.done
  } catch (error) {
    if (json) refuse('unusable', failure(error, config))
    complain(`leporello: ${failure(error, config)}`)
    return exit.wrong
  }
}
