import { Writable } from 'node:stream'
import type { Test } from 'tap'
import { startApp } from '../../src/app.ts'
import { processConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/observability/log.ts'
import { command, type Ended, within } from './in-process.ts'

export interface Served {
  url: string
  /** Ends the server before the test does. */
  close(): Promise<void>
  /** A command against it, by LEPORELLO_URL. */
  run(args: string[], environment?: Record<string, string>): Promise<Ended>
  /** The same with --json; the answer read. */
  json(args: string[]): Promise<Ended & { value: any }>
  add(fields: Record<string, string>): Promise<void>
}

/** A server in this process, configured by these variables, on a port of its own, and commands to speak to it. */
export async function serve(t: Test, environment: Record<string, string> = {}): Promise<Served> {
  const app = await within(t, { environment: { LEPORELLO_PORT: '0', ...environment } }, async () => {
    const loaded = processConfig()
    if ('problems' in loaded) throw new Error(loaded.problems.join('\n'))
    return startApp(loaded.config, { ...createLog({ level: 'silent', to: nowhere() }), onUnusable: (error) => t.fail(error) })
  })
  if (typeof app === 'number') throw new Error(`the server exited with ${app}`)
  const close = once(app.close)
  t.teardown(close)
  const { url } = app
  const run: Served['run'] = (args, more) => command(t, { args, environment: { LEPORELLO_URL: url, ...more } })
  return {
    url,
    close,
    run,
    async json(args) {
      const ended = await run([...args, '--json'])
      return { ...ended, value: JSON.parse(ended.stdout) }
    },
    async add(fields) {
      const body = new URLSearchParams({ version: '1', digest: 'sha256:0', ...fields })
      const answer = await fetch(`${url}/api/v0.1/container/add`, { method: 'POST', body })
      if (!answer.ok) throw new Error(await answer.text())
    }
  }
}

const nowhere = () => Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), { flushSync() {} })

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined
  return () => {
    closing ??= close()
    return closing
  }
}

export const both = '{"amd64": "s3://images/hello.tar.gz", "arm64": "s3://images/hello-arm64.tar.gz"}'
