import type { Architecture } from '../architecture.ts'
import { platformArchitecture } from './manifest.ts'

/** Docker says in `User-Agent` what it runs on: `docker/20.10.24 go/… kernel/… os/linux arch/arm64`. */
export const machineOf = (userAgent: string | undefined): Architecture | undefined => {
  const architecture = /\barch\/([a-z0-9]+)/.exec(userAgent ?? '')?.[1]
  return architecture === undefined ? undefined : platformArchitecture({ os: 'linux', architecture })
}
