import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine. */
export function chromiumPath(): string {
  const path = programs.find(existsSync)
  if (!path) throw new Error(`there is no browser at ${programs.join(', ')}; install chromium (apt-get install chromium)`)
  return path
}

/** A browser for which every name under `.example` is this machine. */
export async function startChromium(t: Test): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    // it runs as root in CI, where it has no sandbox; it sees only what this test serves
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP *.example 127.0.0.1']
  })
  t.teardown(() => browser.close())
  return browser
}
