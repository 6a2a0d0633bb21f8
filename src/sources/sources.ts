import type { Patience } from './exchange.ts'
import { openFileSource, probeFile } from './file-source.ts'
import type { Surroundings } from './http.ts'
import { openHttp, probeHttp } from './http-source.ts'
import { createLife, type Life } from './life.ts'
import { type Location, parseLocation } from './location.ts'
import { policyOf, type SourceSettings } from './policy.ts'
import { type Resolve, systemResolve } from './reach.ts'
import { shownAddress, sourceError } from './refusals.ts'
import { openS3, probeS3 } from './s3-source.ts'
import type { TarballSources } from './source.ts'

export interface SourcesOptions {
  settings: SourceSettings
  resolve?: Resolve
  patience?: Patience
  /** Larger tarballs are not opened; reading stops when a tarball turns out to be larger. */
  maxBytes?: number
}

const defaults = { patience: { connectMs: 10_000, idleMs: 30_000 }, maxBytes: 2 ** 40 }

/** Creates sources according to the settings. Throws a TypeError for an invalid setting. */
export function createSources({
  settings,
  resolve = systemResolve,
  patience = defaults.patience,
  maxBytes = defaults.maxBytes
}: SourcesOptions): TarballSources {
  const policy = policyOf(settings)
  const surroundings: Surroundings = { policy, resolve, patience }

  const find = (url: string): Location => {
    if (!policy.beyond) {
      const found = settings.mode === 'off' ? 'nothing is read' : 'only what is stored here is read'
      throw sourceError(
        'source_forbidden',
        `${shownAddress(url)}: ${found} (LEPORELLO_VERIFY=${settings.mode}); LEPORELLO_VERIFY=all would allow more`
      )
    }
    return parseLocation(url, policy)
  }

  const openAt = (location: Location, life: Life) => {
    const all = { ...surroundings, life, maxBytes }
    if (location.kind === 'http') return openHttp(location, all)
    return location.kind === 's3' ? openS3(location, all) : openFileSource(location, all)
  }

  const probeAt = (location: Location, life: Life) => {
    if (location.kind === 'http') return probeHttp(location, { ...surroundings, life })
    if (location.kind === 's3') return probeS3(location, { ...surroundings, life })
    return probeFile(location, policy.roots)
  }

  return {
    async open(url, options = {}) {
      const location = find(url)
      const life = createLife(options)
      try {
        // from here on, the end of the stream ends the life
        return await openAt(location, life)
      } catch (error) {
        life.end()
        throw error
      }
    },

    async probe(url, options = {}) {
      const location = find(url)
      const life = createLife(options)
      try {
        return await probeAt(location, life)
      } finally {
        life.end()
      }
    }
  }
}
