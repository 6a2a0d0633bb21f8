import closeWithGrace from 'close-with-grace'
import { openStores, startApp } from '../app.ts'
import type { Config } from '../config/config.ts'
import { summary } from '../config/summary.ts'
import { createLog } from '../observability/log.ts'
import { banner } from './banner.ts'
import { type Command, complain, exit, say } from './command.ts'
import { failure, withConfig } from './start.ts'

export const serve: Command = {
  usage: 'serve [--check]',
  description: `Runs the server until SIGTERM or SIGINT; then it finishes the requests under way and ends with status 0.
It writes one JSON line a request to standard output, and what it says to people to standard error.`,
  options: {
    check: { type: 'boolean', help: 'check the configuration, try the store, and end; an embedded store is prepared' },
    json: { type: 'boolean', help: "with --check: the configuration and the store's answer as JSON" }
  },
  examples: [
    { command: 'leporello serve', does: 'serve on http://127.0.0.1:8888, with the embedded store in ./data' },
    {
      command: 'LEPORELLO_STORE=elasticsearch LEPORELLO_ENGINE_URL=http://127.0.0.1:9200 leporello serve --check',
      does: 'say whether that engine can be used'
    }
  ],
  maxPositionals: 0,
  run: ({ values }) => withConfig((config) => (values['check'] ? check(config, { json: values['json'] === true }) : run(config)))
}

async function run(config: Config): Promise<number | undefined> {
  const { log, info, flush } = createLog({ level: config.logLevel })
  try {
    const app = await startApp(config, { log, info, onUnusable: (error) => end(1, failure(error, config)) })
    closeWithGrace({ delay: 20_000, logger: false }, async ({ signal, err }) => {
      if (err) log.fatal({ err }, 'unforeseen: ending')
      log.info({ signal }, 'closing: no new requests; those under way are finished')
      await app.close()
      log.info('closed')
      flush()
    })
    log.info({ url: app.url, config: summary(config) }, 'listening')
    complain(banner(config, app.url))
    return undefined
  } catch (error) {
    flush()
    complain(failure(error, config))
    return exit.wrong
  }

  function end(status: number, words: string): void {
    flush()
    complain(words)
    process.exit(status)
  }
}

/** Tries the store as serving would. An engine is only asked; the embedded store, which is ours alone, is prepared: that proves most. */
async function check(config: Config, { json }: { json: boolean }): Promise<number> {
  try {
    const stores = await openStores(config)
    try {
      if (!config.engine) await stores.migrate()
      const engine = await stores.engine()
      const health = await stores.health()
      if (json) say(JSON.stringify({ ok: health.ok, engine, reason: health.reason, config: summary(config) }, null, 2))
      else if (health.ok) say(`The configuration is right, and the store answers: ${engine}.`)
      else complain(`leporello: the store answers (${engine}), but it is not well: ${health.reason}`)
      return health.ok ? exit.done : exit.wrong
    } finally {
      await stores.close()
    }
  } catch (error) {
    complain(failure(error, config))
    return exit.wrong
  }
}
