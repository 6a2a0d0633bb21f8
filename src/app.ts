import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { createAuthenticate } from './access/authentication.ts'
import { openTokens } from './access/token-file.ts'
import type { BlobStore } from './blobs/blob-store.ts'
import { startBackground } from './catalogue/background.ts'
import { type Catalogue, createCatalogue } from './catalogue/catalogue.ts'
import type { Loop } from './catalogue/jobs/loop.ts'
import type { Config } from './config/config.ts'
import { program } from './config/program.ts'
import { bundleOf } from './domain/build/rules.ts'
import { listeningUrl } from './domain/listening.ts'
import { createConnections } from './http/connections.ts'
import type { GuardOptions } from './http/guard.ts'
import { readKeyPair, watchKeyPair } from './http/key-pair.ts'
import { createServer } from './http/server.ts'
import { createBodyBudget } from './http/shared/body-budget.ts'
import { createLargeTexts, type LargeTexts } from './http/shared/large-texts.ts'
import { createTrustedProxies } from './http/shared/trusted-proxies.ts'
import { watchedBounds } from './http/watched-bounds.ts'
import { inspectImage } from './images/inspect-image.ts'
import { causes, type Log, type WriteInfo } from './observability/log.ts'
import { measuredInspect, measuredResolve, measuredStores } from './observability/measured.ts'
import { createMetrics, type Metrics } from './observability/metrics.ts'
import { requestObserver } from './observability/requests.ts'
import { failureLog, openBlobs, openStores, sha256, tarballParts } from './opening.ts'
import type { Stores } from './stores/document-store.ts'
import { type Gate, gatedStores } from './stores/gated-stores.ts'
import { type Preparation, prepare } from './stores/preparation.ts'

export { readKeyPair } from './http/key-pair.ts'

/** How long an entry in the journal may be on its way: on another replica, or in this very process. */
const appendGraceMs = { replicas: 5000, alone: 1000 }

interface AppOptions {
  log: Log
  /** One line a request goes here. */
  info: WriteInfo
  /** The engine, found after the server had begun to listen, is one that this program must not touch. */
  onUnusable(error: Error): void
}

/**
 * Joins everything and listens. Throws what is wrong with the embedded store; while an engine is away, requests for data are refused. `url` is
 * for a person on this machine; `close` finishes the requests under way, but not for longer than the grace, and closes the stores.
 */
export async function startApp(config: Config, { log, info, onUnusable }: AppOptions) {
  const metrics = createMetrics()
  const gate = gatedStores(await openStores(config))
  const { stores } = gate
  let blobs: BlobStore | undefined
  const close = async () => {
    await stores.close()
    await blobs?.close()
  }
  let port = config.port
  try {
    blobs = await openBlobs(config)
    if (!config.engine) await stores.migrate().then(() => gate.open())
    const pair = config.tls && (await readKeyPair(config.tls))
    const parts: AppParts = { stores, blobs, metrics, log, largeTexts: createLargeTexts(), port: () => port }
    const catalogue = servedCatalogue(config, parts)
    if (!config.engine && config.policy !== 'read-only') await catalogue.batches.restart()
    const bodies = createBodyBudget(config.bodyBudget)
    const connections = createConnections(config.connections)
    for (const number of watchedBounds({ bodies, connections, catalogue })) metrics.watch(number)
    const server = await createServer({
      ...config,
      ...guardParts(config, parts),
      ...{ bodies, connections, blobs, tls: pair, largeTexts: parts.largeTexts },
      catalogue: measuredCatalogue(catalogue, metrics),
      report: requestObserver({ log, info, metrics }),
      operator: operatorOptions(config, parts)
    })
    await server.listen({ host: config.host, port: config.port })
    port = (server.server.address() as AddressInfo).port
    const stopWatching = pair ? watchKeyPair(server.server, { files: config.tls!, pair, ...keyPairLog(log) }) : () => {}
    let loops: Loop[] = []
    let closing = false
    const begin = () => {
      if (closing) return
      loops = startBackground(catalogue, { ...config, reading: config.verify.images !== 'off', ...failureLog(log), ...backgroundLog(log) })
    }
    const preparation = config.engine && prepareEngine(gate, { log, onUnusable })
    // until the store is there nothing could be done, and that it is not there is told already
    if (preparation) preparation.done.then(begin, () => {})
    else begin()
    return {
      url: listeningUrl({ ...config, port, secure: pair !== undefined }),
      async close(): Promise<void> {
        closing = true
        stopWatching()
        preparation?.stop()
        await stopServing(server, catalogue, loops)
        await close()
      }
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface AppParts {
  stores: Stores
  blobs: BlobStore
  metrics: Metrics
  log: Log
  largeTexts: LargeTexts
  port(): number
}

/** Who is who, and what is told of those who are refused. */
function guardParts({ access, rules, trustedProxies }: Config, { metrics, log }: AppParts): Omit<GuardOptions, 'policy'> {
  const users = access.users && { ...access.users, isTrusted: createTrustedProxies(trustedProxies) }
  const tokens = openTokens({ path: access.tokens, onProblem: (message) => log.error(message) })
  return {
    authenticate: createAuthenticate({ tokens, now: Date.now, users }),
    bundledInto: (id) => bundleOf(id, rules)?.container,
    audit(attempt) {
      metrics.refused(attempt)
      log.warn({ audit: true, ...attempt }, 'refused')
    }
  }
}

function servedCatalogue(config: Config, { stores, blobs, metrics, log, largeTexts, port }: AppParts): Catalogue {
  return createCatalogue(measuredStores(stores, metrics), {
    ...config,
    hash: sha256,
    readSpec: (text) => largeTexts.run('specification', text),
    tarballs: { ...tarballParts(config, { blobs, log, port }), inspect: measuredInspect(inspectImage, metrics) },
    // nobody else writes into an embedded store
    eventBounds: config.engine ? {} : { resumeOverlapMs: 0 },
    appendGraceMs: config.engine ? appendGraceMs.replicas : appendGraceMs.alone,
    ...failureLog(log)
  })
}

/** Finishes the requests under way, and what goes on behind them, but not for longer than the grace. */
async function stopServing(server: FastifyInstance, { uploads, demand, summaries }: Catalogue, loops: readonly Loop[]): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, graceMs).unref())
  // no new requests from now on; what goes on behind them lets go meanwhile, if its stores answer
  const closed = closeServer(server)
  const stopped = Promise.all(loops.map((loop) => loop.stop()))
  await uploads?.release() // it goes on elsewhere, or later: nobody need wait for it
  await closed
  await Promise.race([Promise.all([stopped, uploads?.stop()]), patience])
  await demand.flush().catch(() => {}) // a count, not a record: a store that is away does not keep us
  await summaries.stop()
}

/** An outage: once when it begins and once when it ends, not once for each that waits. */
const backgroundLog = (log: Log) => ({
  onSwept: (leftovers: number) => log.info({ leftovers }, 'what interrupted puts of tarballs had left behind was removed'),
  onAway: (error: unknown) => log.warn({ causes: causes(error) }, 'a store does not answer: what is done behind requests waits for it'),
  onBack: () => log.info('the stores answer again: what is done behind requests goes on')
})

const keyPairLog = (log: Log) => ({
  onRenewed: () => log.info('the certificate and its key have changed: new connections use them'),
  onRefused: (error: Error) =>
    log.error({ causes: causes(error) }, 'the certificate or its key has changed and is of no use: the one before stays in use')
})

function prepareEngine(gate: Gate, { log, onUnusable }: Pick<AppOptions, 'log' | 'onUnusable'>): Preparation {
  const preparation = prepare(gate, {
    onDelay: (error) => log.warn({ causes: causes(error) }, 'waiting for the store: until it is there, requests for data are answered 503'),
    onReady: (outcome) => log.info(outcome, 'the store is ready')
  })
  preparation.done.catch((error) => {
    log.fatal({ causes: causes(error) }, 'the store cannot be used')
    onUnusable(error)
  })
  return preparation
}

/** For requests under way; longer than any sensible one, shorter than what Docker and Kubernetes wait before they kill (10 s, 30 s). */
const graceMs = 9_000

async function closeServer(server: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), graceMs)
  // Node closes those that are idle now, and not those that become so when their request is answered
  const idle = setInterval(() => server.server.closeIdleConnections(), 100)
  await server.close()
  clearTimeout(timer)
  clearInterval(idle)
}

function measuredCatalogue(catalogue: Catalogue, metrics: Metrics): Catalogue {
  const { containers } = catalogue
  return { ...catalogue, containers: { ...containers, resolve: measuredResolve(containers.resolve, metrics) } }
}

function operatorOptions(config: Config, { stores, blobs, metrics }: AppParts) {
  return {
    indices: config.indices,
    description: new URL('openapi.yaml', program.root),
    probes: {
      version: program.version,
      commit: config.commit,
      store: config.engine ? ('elasticsearch' as const) : ('embedded' as const),
      engine: () => stores.engine(),
      checks: { store: () => stores.health(), objects: () => blobs.health() },
      metrics: () => metrics.read()
    }
  }
}
