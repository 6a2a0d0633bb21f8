import { randomUUID } from 'node:crypto'
import t from 'tap'
import { openS3Blobs } from '../../src/blobs/s3/s3-blobs.ts'
import { resumableContract } from '../http/api/resumable-contract.ts'
import { startS3 } from '../support/s3.ts'

const server = await startS3()
t.teardown(() => server.stop())

resumableContract('s3', async () => {
  const here = { bucket: server.bucket, endpoint: server.url, pathStyle: true, prefix: `uploads/${randomUUID()}/` }
  return () => openS3Blobs(here)
})
