import { pathToFileURL } from 'node:url'
import { embeddedStores } from '../../../src/stores/embedded/embedded-stores.ts'

/** What the writer stores under an id: as long as a container's document, with the id in it. */
export const documentOf = (id: string): string => JSON.stringify({ id, url: `s3://images/${id}/${'x'.repeat(500)}`, version: 'v1' })

async function main(data: string, round: string): Promise<never> {
  const stores = await embeddedStores({ data, patienceMs: 60_000 })
  await stores.migrate()
  await stores.jobSpecs.put('removed', '{}')
  await stores.jobSpecs.remove('removed')
  const write = async (writer: number): Promise<never> => {
    for (let i = 0; ; i++) {
      const id = `${round}/${writer}/${i}`
      await stores.containers.put(id, documentOf(id))
      // a pipe is written to before this returns: what we have said, the other side can read even when we are killed
      process.stdout.write(`${id}\n`)
    }
  }
  return Promise.race(Array.from({ length: 16 }, (_, writer) => write(writer)))
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) await main(process.argv[2]!, process.argv[3]!)
