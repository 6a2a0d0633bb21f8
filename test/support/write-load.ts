import { aContainer, mozartClient } from './mozart-client.ts'

/** Writers that never stop: each adds new containers and rewrites one of its own, and remembers what was acknowledged. */
export function startWriteLoad(url: string, { name, writers }: { name: string; writers: number }) {
  const mozart = mozartClient(url)
  const added: string[] = []
  const rewritten = new Map<string, number>()
  const statuses = new Map<number | string, number>()
  let running = true

  async function acknowledged(form: Record<string, string>): Promise<boolean> {
    try {
      const { status } = await mozart.add(form)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      return status === 200
    } catch {
      statuses.set('no answer', (statuses.get('no answer') ?? 0) + 1)
      // nobody listens: not a busy loop
      await new Promise((resolve) => setTimeout(resolve, 20))
      return false
    }
  }

  async function write(writer: number): Promise<void> {
    const own = `container-${name}-own${writer}:v1`
    for (let n = 1; running; n++) {
      const id = `container-${name}-${writer}-${n}:v1`
      if (await acknowledged(aContainer(id))) added.push(id)
      if (await acknowledged(aContainer(own, { version: `v${n}` }))) rewritten.set(own, n)
    }
  }
  const ended = Promise.all(Array.from({ length: writers }, (_, i) => write(i)))

  return {
    statuses,
    count: () => added.length,
    async stop(): Promise<void> {
      running = false
      await ended
    },
    /** What was acknowledged and is not there, in words. */
    async lost(): Promise<string[]> {
      const missing = await eachOf(added, async (id) => ((await mozart.info(id)).status === 200 ? [] : [id]))
      const stale = await eachOf([...rewritten], async ([id, n]) => {
        const { body } = await mozart.info(id)
        return Number(body?.result?.version?.slice(1)) >= n ? [] : [`${id} is ${body?.result?.version}, not v${n}`]
      })
      return [...missing, ...stale]
    }
  }
}

/** 32 at a time. */
async function eachOf<T>(items: readonly T[], check: (item: T) => Promise<string[]>): Promise<string[]> {
  const wrong: string[] = []
  for (let i = 0; i < items.length; i += 32) wrong.push(...(await Promise.all(items.slice(i, i + 32).map(check))).flat())
  return wrong
}
