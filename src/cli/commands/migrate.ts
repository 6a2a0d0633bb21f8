import type { Config } from '../../config/config.ts'
import { openStores } from '../../opening.ts'
import { failure, withConfig } from '../client/start.ts'
import { type Command, complain, exit, refuse, say } from '../terminal/command.ts'

export const migrate: Command = {
  usage: 'migrate [--json]',
  description: `Migrates the indices or tables to this program's version, and prints what it applied. The server does the same when it starts. It
may be repeated, and on an engine several may run at once.

Exit status: 0 done, 1 the configuration is wrong or the store cannot be used, 64 usage.`,
  options: { json: { type: 'boolean', help: 'print the outcome as JSON' } },
  examples: [{ command: 'leporello migrate', does: 'prepare the store that LEPORELLO_STORE names' }],
  maxPositionals: 0,
  run: ({ values }) => withConfig((config) => run(config, { json: values['json'] === true }), { json: values['json'] === true })
}

async function run(config: Config, { json }: { json: boolean }): Promise<number> {
  try {
    const stores = await openStores(config)
    try {
      const { version, applied } = await stores.migrate()
      if (json) say(JSON.stringify({ version, applied }))
      else
        say(
          applied.length === 0
            ? `Nothing to do: the store is at version ${version}.`
            : `The store is at version ${version} now. Applied: ${applied.join(', ')}.`
        )
      return exit.done
    } finally {
      await stores.close()
    }
  } catch (error) {
    if (json) refuse('unusable', failure(error, config))
    complain(`leporello: ${failure(error, config)}`)
    return exit.wrong
  }
}
