import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { distributionProgram } from '../test/support/distribution.ts'
import { engineNames } from '../test/support/engines.ts'
import { projectFolder } from '../test/support/project.ts'
import { pythonWith, pythonWithClients } from '../test/support/python.ts'
import { engineLender } from './engine-lender.ts'
import { finish, runTests, testFiles } from './run-tests.ts'

/*
 * What `npm test` does not run: the tests that need an engine, an S3 server or another language. It installs what they need, into the user's cache,
 * and fails where it cannot; nothing is skipped. The last line is `N passed, N failed`.
 */

// the fuzzer is in `npm test` too, for three seconds
const names = ['engines', 'acceptance', 'abuse', 'faults', 'images/fuzz.test.ts']
const fuzzSeconds = '45'

async function install(): Promise<void> {
  for (const [script, ...what] of [...engineNames.map((engine) => ['start', engine]), ['s3-start']]) {
    const { status } = spawnSync(join(projectFolder, 'test/engines', script!), [...what, '--install'], { stdio: 'inherit' })
    if (status !== 0) throw new Error(`${what[0] ?? 'the S3 server'} could not be installed`)
  }
  const samples = spawnSync(join(projectFolder, 'test/acceptance/images/make-samples'), ['--install'], { stdio: 'inherit' })
  if (samples.status !== 0) throw new Error('the programs that write and load images could not be installed')
  await pythonWithClients()
  for (const folder of ['schema', 'tripleo']) await pythonWith(join(projectFolder, 'test/acceptance', folder, 'requirements.txt'))
  await distributionProgram()
}

try {
  await install()
} catch (error) {
  console.error(error)
  finish({ passed: 0, failed: 1 })
}
const chosen = process.argv.slice(2)
finish(
  await runTests(testFiles(chosen.length > 0 ? chosen : names), {
    environment: { FUZZ_SECONDS: fuzzSeconds, ...process.env },
    engines: engineLender()
  })
)
