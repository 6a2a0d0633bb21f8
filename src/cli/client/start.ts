import { type Config, processConfig } from '../../config/config.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { complain, exit, refuse } from '../terminal/command.ts'

/** Runs with the configuration of this process, or reports everything that is wrong with it. */
export async function withConfig(
  run: (config: Config) => Promise<number | undefined>,
  { json = false }: { json?: boolean } = {}
): Promise<number | undefined> {
  const loaded = processConfig()
  if ('config' in loaded) return run(loaded.config)
  if (json) refuse('configuration', loaded.problems.join('; '))
  complain(`leporello: the configuration is wrong:\n${loaded.problems.map((problem) => `  ${problem}`).join('\n')}`)
  return exit.wrong
}

/** Why the program cannot start or continue, in one sentence without secrets. */
export function failure(error: unknown, { host, port }: Config): string {
  const { code, message } = error as NodeJS.ErrnoException
  const words: Record<string, string> = {
    EADDRINUSE: `${host}:${port} is in use by another program; stop that, or set LEPORELLO_PORT`,
    EACCES: `${host}:${port} may not be used by this user; set LEPORELLO_PORT to a port above 1023`,
    EADDRNOTAVAIL: `${host} is not an address of this machine; set LEPORELLO_HOST`,
    ENOTFOUND: `${host} is not an address of this machine; set LEPORELLO_HOST`
  }
  return maskSecrets((code && words[code]) ?? message)
}
