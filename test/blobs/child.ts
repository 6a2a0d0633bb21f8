import { openLocalBlobs } from '../../src/blobs/local/local-blobs.ts'
import { openS3Blobs } from '../../src/blobs/s3/s3-blobs.ts'
import { digestOf, many } from './bytes.ts'

// A process of its own, to be killed or measured: node child.js DESCRIPTION TASK

const [, , description = '', task = ''] = process.argv
const mega = 1024 * 1024

const { adapter, options } = JSON.parse(description)
const store = await (adapter === 's3' ? openS3Blobs(options) : openLocalBlobs(options))
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const tell = (sent: number) => {
  if (sent % mega === 0) say(sent)
}

async function append(): Promise<void> {
  const { id } = await store.uploads.create({ note: 'killed' })
  await store.uploads.append({ id, at: 0, source: many(Number.MAX_SAFE_INTEGER, tell) })
}

if (task === 'put') {
  await store.put('killed/blob', many(Number.MAX_SAFE_INTEGER, tell))
} else if (task === 'fill') {
  for (const put of [() => store.put('full', many(64 * mega)), () => append()]) {
    await put().catch(({ code, message }) => say({ code, message }))
  }
} else if (task === 'replace') {
  for (let i = 1; ; i++) {
    await store.put('killed/blob', many(3 * mega + i))
    say(i)
  }
} else if (task === 'append') {
  await append()
} else if (task === 'measure') {
  const before = process.memoryUsage.rss()
  let after = before
  const watch = () => {
    after = Math.max(after, process.memoryUsage.rss())
  }
  await Promise.all([1, 2].map((i) => store.put(`large/${i}`, many(150 * mega, watch))))
  const digest = await digestOf((await store.get('large/1'))!.stream.on('data', watch))
  say({ digest, before, after })
}
await store.close()
