import { setFlagsFromString } from 'node:v8'
import closeWithGrace from 'close-with-grace'
import { readKeyPair, startApp } from '../../app.ts'
import type { Config } from '../../config/config.ts'
import { summary, whyNotServed } from '../../config/serving.ts'
import { createLog } from '../../observability/log.ts'
import { openBlobs, openStores, using } from '../../opening.ts'
import { failure, withConfig } from '../client/client-command.ts'
import { accessWords, banner, whereTarballs } from '../terminal/banner.ts'
import { terminalLog } from '../terminal/log-lines.ts'
import { type Command, complain, exit, paintFor, refuse, say } from '../terminal/terminal.ts'

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
    ['leporello serve', 'serve on http://127.0.0.1:8888, with the embedded store in ./data'],
    [
      'LEPORELLO_STORE=elasticsearch LEPORELLO_ENGINE_URL=http://127.0.0.1:9200 leporello serve --check',
      'check whether that engine can be used'
    ]
  ],
  run: ({ values }) => {
    const json = values['check'] === true && values['json'] === true
    return withConfig({ json }, async (config) => {
      const problem = whyNotServed(config)
      if (problem === undefined) return values['check'] ? check(config, { json }) : run(config)
      if (json) refuse('configuration', problem)
      complain(`leporello: ${problem}`)
      return exit.wrong
    })
  }
}

async function run(config: Config): Promise<number | undefined> {
  const to = process.stdout.isTTY ? { to: terminalLog(process.stdout, paintFor(process.stdout)) } : {}
  const { log, info, flush, drained } = createLog({ level: config.logLevel, ...to })
  const onUnusable = (error: Error) => {
    flush()
    complain(`leporello: ${failure(error, config)}`)
    process.exit(1)
  }
  // V8 would let its heap grow to four times what is alive before it collects: some 60 MB of garbage under steady writes
  setFlagsFromString('--heap-growing-percent=100')
  try {
    const app = await startApp(config, { log, info, onUnusable })
    closeWithGrace({ delay: 20_000, logger: false }, async ({ signal, err }) => {
      if (err) log.fatal({ err }, 'unexpected error: ending')
      log.info({ signal }, 'closing: no new requests; finishing those under way')
      await app.close()
      log.info('closed')
      await drained()
    })
    log.info({ url: app.url, access: accessWords(config).replace(/\s+/g, ' '), config: summary(config) }, 'listening')
    complain(banner(config, app.url))
    return undefined
  } catch (error) {
    flush()
    complain(`leporello: ${failure(error, config)}`)
    return exit.wrong
  }
}

/** Tries both stores as serving would. Migrates the embedded store, which no other program uses; an engine is only asked. */
async function check(config: Config, { json }: { json: boolean }): Promise<number> {
  try {
    if (config.tls) await readKeyPair(config.tls)
    const objects = await using(openBlobs(config), (blobs) => blobs.health())
    const { engine, health } = await using(openStores(config), async (stores) => {
      if (!config.engine) await stores.migrate()
      return { engine: await stores.engine(), health: await stores.health() }
    })
    const ok = health.ok && objects.ok
    const where = whereTarballs(config)
    if (json) say(JSON.stringify({ ok, engine, reason: health.reason, objects: { where, ...objects }, config: summary(config) }, null, 2))
    else if (ok) say(`The configuration is right, and the store answers: ${engine}. Tarballs are in ${where}.`)
    else if (!health.ok) complain(`leporello: the store answers (${engine}), but does not work properly: ${health.reason}`)
    else complain(`leporello: the store answers (${engine}), but tarballs cannot be stored: ${objects.reason}`)
    return ok ? exit.done : exit.wrong
  } catch (error) {
    if (json) refuse('unusable', failure(error, config))
    complain(`leporello: ${failure(error, config)}`)
    return exit.wrong
  }
}
