import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { digestOfBytes } from '../test/support/oci.ts'
import { eventually } from '../test/support/processes.ts'
import { projectFolder } from '../test/support/project.ts'
import { cpuMs, median, run } from './load.ts'
import { pushBytes, pushManifest } from './oci-pushing.ts'
import { type Server, startServer } from './server.ts'

const count = 10_000
const pageSizes = [100, 1000]

/** Lists of 10,000 tags and as many repositories, and the clean-up over 100,000 manifests. */
export async function manyBenchmarks(): Promise<void> {
  const server = await startServer()
  try {
    await pushMany(server)
    await untilIdle(server)
    for (const n of pageSizes) {
      await timeList(server, { title: `tags/list, ${n} of ${count}`, path: `many/tags/list?n=${n}` })
      await timeList(server, { title: 'the same from the middle', path: `many/tags/list?n=${n}&last=t5000` })
    }
    for (const n of pageSizes) await timeList(server, { title: `_catalog, ${n} of ${count}`, path: `_catalog?n=${n}` })
  } finally {
    await server.stop()
  }
  console.log(await run(process.execPath, [join(projectFolder, 'build/benchmarks/oci-clean-up.js')]))
}

/** Half of the tags are of containers that were registered by URL, and half of artifacts. */
async function pushMany({ url }: Server): Promise<void> {
  await pushBytes(url, { repository: 'many', bytes: Buffer.from('{}') })
  const config = { mediaType: 'application/vnd.example+json', digest: digestOfBytes('{}'), size: 2 }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] }))
  const name = (i: number) => `t${String(i).padStart(4, '0')}`
  const register = async (id: string) => {
    const body = new URLSearchParams({ name: id, version: '1', url: `s3://bucket/${id}.tar`, digest: 'sha256:1' })
    const reply = await fetch(`${url}/api/v0.1/container/add`, { method: 'POST', body })
    if (!reply.ok) throw new Error(await reply.text())
  }
  for (let from = 0; from < count; from += 100) {
    const names = Array.from({ length: 100 }, (_, i) => name(from + i))
    await Promise.all(
      names.map((tag, i) => (i % 2 === 0 ? pushManifest(url, { repository: 'many', reference: tag, bytes }) : register(`many:${tag}`)))
    )
    await Promise.all(names.map((tag) => register(`repository-${tag}:1`)))
  }
}

/** Rows to filter lists by are still being written after the last request. */
const untilIdle = ({ pid }: Server): Promise<true> =>
  eventually(
    async () => {
      const before = cpuMs(pid)
      await pause(1000)
      return cpuMs(pid) - before < 50 || undefined
    },
    { what: 'the server has nothing to do' }
  )

async function timeList({ url, pid }: Server, { title, path }: { title: string; path: string }): Promise<void> {
  const times: number[] = []
  const before = cpuMs(pid)
  for (let i = 0; i < 15; i++) {
    const began = performance.now()
    const reply = await fetch(`${url}/v2/${path}`)
    const { tags, repositories } = (await reply.json()) as { tags?: string[]; repositories?: string[] }
    times.push(performance.now() - began)
    const n = Number(/n=(\d+)/.exec(path)![1])
    if ((tags ?? repositories)?.length !== n) throw new Error(`${path} has ${(tags ?? repositories)?.length} names, not ${n}`)
  }
  const cpu = (cpuMs(pid) - before) / times.length
  console.log(
    `- ${title}: ${median(times).toFixed(0)} ms, the worst ${Math.max(...times).toFixed(0)} ms, goal under 50; CPU ${cpu.toFixed(0)} ms`
  )
}
