import closeWithGrace from 'close-with-grace'
import { readKeyPair, startApp } from '../../app.ts'
import type { Config } from '../../config/config.ts'
import { whyNotServed } from '../../config/serving.ts'
import { summary } from '../../config/summary.ts'
import { createLog } from '../../observability/log.ts'
import { openBlobs, openStores } from '../../opening.ts'
import { failure, withConfig } from '../client/start.ts'
import { accessWords, banner, whereTarballs } from '../terminal/banner.ts'
import { type Command, complain, exit, refuse, say } from '../terminal/command.ts'
import { terminalLog } from '../terminal/log-lines.ts'
import { paintFor } from '../terminal/terminal.ts'

export const serve: Command = {
  usage: 'serve [--check [--json]]',
  description: `Runs the server until SIGTERM or SIGINT; then finishes the requests under way and ends with status 0. It logs one line a request to
standard output: JSON, or on a terminal a short line. Messages for people go to standard error.

Exit status: 0 ended by a signal, or ready to serve; 1 the configuration is wrong, or the store or the address cannot be used; 64 usage.`,
  options: {
    check: { type: 'boolean', help: 'only check the configuration and try the store; an embedded store is migrated' },
    json: { type: 'boolean', help: "with --check: print the configuration and the store's answer as JSON" }
  },
  examples: [
    { command: 'leporello serve', does: 'serve on http://127.0.0.1:8888, with the embedded store in ./data' },
    {
      command: 'LEPORELLO_STORE=elasticsearch LEPORELLO_ENGINE_URL=http://127.0.0.1:9200 leporello serve --check',
      does: 'check whether that engine can be used'
    }
  ],
  maxPositionals: 0,
  run: ({ values }) => {
    const json = values['check'] === true && values['json'] === true
    return withConfig(
      (config) => {
        const problem = whyNotServed(config)
        if (problem === undefined) return values['check'] ? check(config, { json }) : run(config)
        if (json) refuse('configuration', problem)
        complain(`leporello: ${problem}`)
        return Promise.resolve(exit.wrong)
      },
      { json }
    )
  }
}

async function run(config: Config): Promise<number | undefined> {
  const to = process.stdout.isTTY ? { to: terminalLog(process.stdout, paintFor(process.stdout)) } : {}
  const { log, info, flush } = createLog({ level: config.logLevel, ...to })
  try {
    const app = await startApp(config, { log, info, onUnusable: (error) => end(1, `leporello: ${failure(error, config)}`) })
    closeWithGrace({ delay: 20_000, logger: false }, async ({ signal, err }) => {
      if (err) log.fatal({ err }, 'unexpected error: ending')
      log.info({ signal }, 'closing: no new requests; finishing those under way')
      await app.close()
      log.info('closed')
      flush()
    })
    log.info({ url: app.url, access: accessWords(config).replace(/\s+/g, ' '), config: summary(config) }, 'listening')
    complain(banner(config, app.url))
    return undefined
  } catch (error) {
    flush()
    complain(`leporello: ${failure(error, config)}`)
    return exit.wrong
  }

  function end(status: number, words: string): void {
    flush()
    complain(words)
    process.exit(status)
  }
}

/** Tries both stores as serving would. Migrates the embedded store, which no other program uses; an engine is only asked. */
async function check(config: Config, { json }: { json: boolean }): Promise<number> {
  try {
    if (config.tls) await readKeyPair(config.tls)
    const objects = await objectsHealth(config)
    const stores = await openStores(config)
    try {
      if (!config.engine) await stores.migrate()
      const engine = await stores.engine()
      const health = await stores.health()
      const ok = health.ok && objects.ok
      const where = whereTarballs(config)
      if (json) say(JSON.stringify({ ok, engine, reason: health.reason, objects: { where, ...objects }, config: summary(config) }, null, 2))
      else if (ok) say(`The configuration is right, and the store answers: ${engine}. Tarballs are in ${where}.`)
      else if (!health.ok) complain(`leporello: the store answers (${engine}), but does not work properly: ${health.reason}`)
      else complain(`leporello: the store answers (${engine}), but tarballs cannot be stored: ${objects.reason}`)
      return ok ? exit.done : exit.wrong
    } finally {
      await stores.close()
    }
  } catch (error) {
    if (json) refuse('unusable', failure(error, config))
    complain(`leporello: ${failure(error, config)}`)
    return exit.wrong
  }
}

async function objectsHealth(config: Config): Promise<{ ok: boolean; reason?: string }> {
  const blobs = await openBlobs(config)
  try {
    return await blobs.health()
  } finally {
    await blobs.close()
  }
}
