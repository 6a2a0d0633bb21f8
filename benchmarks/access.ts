import { join } from 'node:path'
import { hashOfToken, newToken } from '../src/access/token.ts'
import { writeTokenFile } from '../src/access/token-file.ts'
import { load, median } from './load.ts'
import { startServer } from './server.ts'

interface AccessBenchmark {
  rounds: number
  seconds: number
}

/** What authentication costs: CPU of `container/info` with a token, beside anonymous requests to the same server. */
export async function accessBenchmarks({ rounds, seconds }: AccessBenchmark): Promise<void> {
  const server = await startServer({ LEPORELLO_POLICY: 'read' })
  try {
    const token = newToken()
    const record = { name: 'ci', sha256: hashOfToken(token), match: ['container-*'], expires: '2999-01-01T00:00:00Z', created: '' }
    await writeTokenFile(join(server.data, 'tokens'), [{ ...record, scopes: ['register'] }])
    const authorization = `Basic ${Buffer.from(`ci:${token}`).toString('base64')}`
    const body = new URLSearchParams({ name: 'container-0:v1.0.0', version: 'v1', digest: 'sha256:0', url: 's3://bucket/x.tar.gz' })
    const added = await fetch(`${server.url}/api/v0.1/container/add`, { method: 'POST', body, headers: { authorization } })
    if (!added.ok) throw new Error(await added.text())
    const info = { url: server.url, script: 'get' as const, args: ['/api/v0.1/container/info?id=', '1'], connections: 32, pid: server.pid }
    const cpu = async (headers: Record<string, string>, seconds: number) => (await load({ ...info, headers, seconds })).cpuMsPerRequest
    await cpu({ authorization }, 2)
    await cpu({}, 2)
    const pairs: { token: number; anonymous: number }[] = []
    for (let round = 0; round < rounds; round++)
      pairs.push({ token: await cpu({ authorization }, seconds), anonymous: await cpu({}, seconds) })
    const middle = (name: 'token' | 'anonymous') => (median(pairs.map((pair) => pair[name])) * 1000).toFixed(1)
    const ratio = median(pairs.map(({ token, anonymous }) => token / anonymous))
    console.log('Access, the embedded store, 32 connections')
    console.log(
      `- CPU of container/info with a token, against anonymous: ratio ${ratio.toFixed(3)} (${middle('token')} against ${middle('anonymous')} µs)`
    )
  } finally {
    await server.stop()
  }
}
