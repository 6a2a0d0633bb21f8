import { certificatesIn } from '../../config/certificates.ts'
import type { Config } from '../../config/config.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { complain, type Values } from '../terminal/command.ts'
import { misuse } from './api-error.ts'
import type { Trust } from './http-client.ts'

/** The option of commands that do what the builder's Python programs do. */
export const insecureOption = { type: 'boolean', help: 'accept any certificate, as osaka and container-met.py do' } as const

/** Returns whose certificates a command accepts, by `--ca`, LEPORELLO_CA and `--insecure`. Says so once when none are checked. */
export function trustFrom({ ca }: Config['client'], values: Values): Trust {
  if (values['insecure'] === true) {
    complain('leporello: --insecure: certificates are not checked, so passwords may reach the wrong server')
    return { insecure: true }
  }
  const given = values['ca']
  if (typeof given !== 'string') return { ca }
  const found = certificatesIn(given)
  if ('path' in found) return { ca: found.path }
  throw misuse(`--ca names ${maskSecrets(given)}, which ${found.problem}`)
}
