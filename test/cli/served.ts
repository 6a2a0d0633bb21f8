import type { Test } from 'tap'
import { leporello, type Running } from './command-line.ts'

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

export interface Served {
  url: string
  server: Running
  /** A command against it, by LEPORELLO_URL. */
  run(args: string[], environment?: Record<string, string>): Promise<Ended>
  /** The same with --json; the answer read. */
  json(args: string[]): Promise<Ended & { value: any }>
  add(fields: Record<string, string>): Promise<void>
}

/** The program serving on a port of its own, and its own commands to speak to it. */
export async function serve(t: Test, environment: Record<string, string> = {}): Promise<Served> {
  const server = leporello(t, { args: ['serve'], environment: { LEPORELLO_PORT: '0', ...environment } })
  const [, url] = await server.says(/listens on (http:\S+)\n[\s\S]*container\/info/)
  const run: Served['run'] = (args, more) => leporello(t, { args, environment: { LEPORELLO_URL: url!, ...more } }).ended
  return {
    url: url!,
    server,
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

export const both = '{"amd64": "s3://images/hello.tar.gz", "arm64": "s3://images/hello-arm64.tar.gz"}'
