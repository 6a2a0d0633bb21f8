/** What a configuration says about where its image runs. */
export interface Platform {
  os?: string | null | undefined
  architecture?: string | null | undefined
}

/**
 * The platform of an image that is not for Linux, as `windows/amd64`, `wasi/wasm` or, of attestations, `unknown/unknown`. Undefined for
 * the others; Docker takes an image that names no operating system for one of its own.
 */
export function otherPlatform({ os, architecture }: Platform): string | undefined {
  const isLinux = !os || os.toLowerCase() === 'linux'
  if (isLinux && !architecture?.toLowerCase().startsWith('wasm')) return undefined
  return `${os || 'linux'}/${architecture || 'unknown'}`.slice(0, 100)
}
