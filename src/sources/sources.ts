import type { Patience } from './exchange.ts'
import { openFileSource, probeFile } from './file-source.ts'
import type { Opening } from './http.ts'
import { openHttp, probeHttp } from './http-source.ts'
import { createLife } from './life.ts'
import { type Location, parseLocation } from './location.ts'
import { policyOf, type SourceSettings } from './policy.ts'
import { type Resolve, systemResolve } from './reach.ts'
import { shownAddress, sourceError } from './refusals.ts'
import { openS3, probeS3 } from './s3-source.ts'
import type { SourceOptions, TarballSources } from './source.ts'

export interface SourcesOptions {
  settings: SourceSettings
  resolve?: Resolve
  patience?: Patience
  /** Larger tarballs are not opened; reading stops when a tarball turns out to be larger. */
  maxBytes?: number
}

const usualPatience: Patience = { connectMs: 10_000, idleMs: 30_000 }

/** Creates sources according to the settings. Throws a TypeError for an invalid setting. */
export function createSources(options: SourcesOptions): TarballSources {
  const { settings, resolve = systemResolve, patience = usualPatience, maxBytes = 2 ** 40 } = options
  const policy = policyOf(settings)

  function begin(url: string, options: SourceOptions = {}): { location: Location; opening: Opening } {
    if (!policy.beyond) {
      const found = settings.mode === 'off' ? 'nothing is read' : 'only what is stored here is read'
      const message = `${shownAddress(url)}: ${found} (LEPORELLO_VERIFY=${settings.mode}); LEPORELLO_VERIFY=all would allow more`
      throw sourceError('source_forbidden', message)
    }
    const location = parseLocation(url, policy)
    return { location, opening: { policy, resolve, patience, life: createLife(options), maxBytes } }
  }

  return {
    async open(url, options) {
      const { location, opening } = begin(url, options)
      try {
        // from here on, the end of the stream ends the life
        if (location.kind === 'http') return await openHttp(location, opening)
        return await (location.kind === 's3' ? openS3(location, opening) : openFileSource(location, opening))
      } catch (error) {
        opening.life.end()
        throw error
      }
    },

    async probe(url, options) {
      const { location, opening } = begin(url, options)
      try {
        if (location.kind === 'http') return await probeHttp(location, opening)
        return await (location.kind === 's3' ? probeS3(location, opening) : probeFile(location, opening))
      } finally {
        opening.life.end()
      }
    }
  }
}
