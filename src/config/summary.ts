import { maskSecrets } from '../domain/secrets.ts'
import type { Config } from './config.ts'

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
