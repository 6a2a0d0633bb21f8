import { isWildcard } from '../domain/listening.ts'
import { maskSecrets } from '../domain/secrets.ts'
import type { Config } from './config.ts'

/** Why the server does not start with this configuration, which every other command can use; undefined if it does. */
export function whyNotServed({ host, port, publicUrl, tls }: Config): string | undefined {
  if (!isWildcard(host) || publicUrl) return undefined
  const example = (name: string) => `LEPORELLO_PUBLIC_URL=${tls ? 'https' : 'http'}://${name}:${port || 8888}`
  return `the server would listen on every address (LEPORELLO_HOST is ${host}) without knowing its own, which it writes into records; \
set LEPORELLO_PUBLIC_URL to the URL by which workers reach it:
  ${example('registry.example.org')}
with docker run, to try it on this machine: -e ${example('127.0.0.1')}`
}

/** Returns the configuration without passwords, keys and tokens, for the log and for people. */
export function summary(config: Config): Record<string, unknown> {
  const { engine, client, ...open } = config
  const login = engine?.apiKey ? 'api key' : engine?.username ? 'user name and password' : 'none'
  const shown = {
    ...open,
    store: engine ? 'elasticsearch' : 'embedded',
    engine: engine && { urls: engine.urls, login, ca: engine.ca !== undefined, insecure: engine.insecure, patienceMs: engine.patienceMs }
  }
  return JSON.parse(JSON.stringify(shown, (_, value) => (typeof value === 'string' ? maskSecrets(value) : value)))
}
