import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startLeporello } from '../support/leporello.ts'
import { projectFolder } from '../support/project.ts'
import { pythonWithClients } from '../support/python.ts'

const run = promisify(execFile)

t.test('the Python example registers two architectures, and each machine gets its own', async (t) => {
  const server = await startLeporello()
  t.teardown(() => server.stop())

  const { stdout } = await run(await pythonWithClients(), [join(projectFolder, 'examples/python/client.py'), `${server.url}/api/v0.1`])

  const lines = stdout.trimEnd().split('\n')
  t.strictSame(lines.slice(0, 3), [
    'registered container-python:v1.0.0',
    'x86_64 s3://bucket/container-python-v1.0.0.tar.gz',
    'aarch64 s3://bucket/container-python-v1.0.0-arm64.tar.gz'
  ])
  t.match(lines[3], /^this machine s3:/)
  t.strictSame(lines.slice(4), ['listed True', 'removed container-python:v1.0.0'])
})
