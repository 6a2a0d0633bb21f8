/** One writer's image, and what it was answered. */
export interface Written {
  architecture: string
  url: string
  status: number
  // whatever was answered
  body: any
}

/** As many writers at once, each with an architecture of its own, in turn through these replicas. */
export function manyWriters(replicas: readonly string[], { id, count }: { id: string; count: number }): Promise<Written[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const architecture = `x-test${i}`
      const url = `s3://bucket/${architecture}.tar`
      const reply = await fetch(`${replicas[i % replicas.length]}/api/v1/containers/${encodeURIComponent(id)}/images/${architecture}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url, digest: `sha256:${i}` })
      })
      return { architecture, url, status: reply.status, body: await reply.json() }
    })
  )
}

/** How often these replicas have written to a record, or tried to. */
export async function writesTried(replicas: readonly string[]): Promise<number> {
  let tried = 0
  for (const replica of replicas) {
    const metrics = await (await fetch(`${replica}/metrics`)).text()
    for (const [, labels, value] of metrics.matchAll(/^leporello_store_operation_duration_seconds_count\{(.*)\} (\d+)$/gm)) {
      if (/collection="containers"/.test(labels!) && /operation="put"/.test(labels!)) tried += Number(value)
    }
  }
  return tried
}
