import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { engineNames } from '../test/support/engines.ts'
import { projectFolder } from '../test/support/project.ts'
import { pythonWith, pythonWithClients } from '../test/support/python.ts'

/*
 * What `npm test` does not run: the tests that need an engine, an S3 server or another language. It installs what they need, into the user's cache,
 * and fails where it cannot; nothing is skipped. The last line is `N passed, N failed`.
 */

const timeLimitMs = 30 * 60_000
const folders = ['engines', 'acceptance']
// in `npm test` too, for three seconds
const patterns = [...folders.map((folder) => `build/test/${folder}/**/*.test.js`), 'build/test/images/fuzz.test.js']
const fuzzSeconds = '45'

function finish(passed: number, failed: number): never {
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed > 0 || passed === 0 ? 1 : 0)
}

async function install(): Promise<void> {
  for (const [script, ...what] of [...engineNames.map((engine) => ['start', engine]), ['s3-start']]) {
    const { status } = spawnSync(join(projectFolder, 'test/engines', script!), [...what, '--install'], { stdio: 'inherit' })
    if (status !== 0) throw new Error(`${what[0] ?? 'the S3 server'} could not be installed`)
  }
  const samples = spawnSync(join(projectFolder, 'test/acceptance/images/make-samples'), ['--install'], { stdio: 'inherit' })
  if (samples.status !== 0) throw new Error('buildah, skopeo and crane could not be installed')
  await pythonWithClients()
  await pythonWith(join(projectFolder, 'test/acceptance/schema/requirements.txt'))
}

/** Runs the tests under tap, shows what they say, and answers with tap's own count of assertions. */
function runTests(patterns: readonly string[]): Promise<{ passed: number; failed: number }> {
  // Two at a time: an engine mostly waits for its own disk, a test for its engine.
  const parameters = ['tap', '--reporter=tap', '--jobs=2', '--timeout=600', ...patterns]
  const env = { FUZZ_SECONDS: fuzzSeconds, ...process.env }
  const tap = spawn('npx', ['--no-install', ...parameters], {
    cwd: projectFolder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true
  })
  const stopAll = () => process.kill(-tap.pid!, 'SIGTERM')
  const timer = setTimeout(() => {
    console.error(`test:all: not done after ${timeLimitMs / 60_000} minutes, stopping it`)
    stopAll()
  }, timeLimitMs)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stopAll)

  let said = ''
  tap.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    process.stdout.write(chunk)
    said = (said + chunk).slice(-4096)
  })
  return new Promise((resolve) => {
    tap.once('exit', (code) => {
      clearTimeout(timer)
      const summary = /^# \{ total: \d+(?:, pass: (\d+))?(?:, fail: (\d+))?.* \}$/m.exec(said)
      const passed = Number(summary?.[1] ?? 0)
      const failed = Number(summary?.[2] ?? 0)
      // a run that ended badly without a failed assertion (a crash, the time limit) is a failure all the same
      resolve({ passed, failed: code === 0 ? failed : Math.max(1, failed) })
    })
  })
}

try {
  await install()
} catch (error) {
  console.error(error)
  finish(0, 1)
}
const chosen = process.argv.slice(2)
const { passed, failed } = await runTests(chosen.length > 0 ? chosen : patterns)
finish(passed, failed)
