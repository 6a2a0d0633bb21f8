import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { endProgram, eventually, freePort, type Program, runProgram } from './processes.ts'
import { projectFolder } from './project.ts'

/** A real S3 server on this machine, and its keys in the environment, where the SDK looks for them. */
export interface S3Server {
  url: string
  bucket: string
  stop(): Promise<void>
  /** Ends it; the data stay. */
  halt(): Promise<void>
  restart(): Promise<void>
}

export async function startS3(): Promise<S3Server> {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'testkey', AWS_SECRET_ACCESS_KEY: 'testsecret' })
  const dataDir = await mkdtemp(join(tmpdir(), 'leporello-s3-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const bucket = 'tarballs'
  let program: Program

  async function start(): Promise<void> {
    program = runProgram([join(projectFolder, 'test/engines/s3-start'), String(port), dataDir])
    const answers = async () => {
      if (!program.running()) return 'ended' as const
      await fetch(url, { signal: AbortSignal.timeout(2_000) })
      return 'answers' as const
    }
    const state = await eventually(answers, { what: 'the S3 server' })
    if (state === 'ended') throw new Error(`the S3 server ended while starting:\n${program.output()}`)
  }

  await start()
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  return {
    url,
    bucket,
    halt: () => endProgram(program),
    restart: start,
    async stop() {
      await endProgram(program)
      await rm(dataDir, { recursive: true, force: true })
    }
  }
}
