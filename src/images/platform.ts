/** The platform in a configuration. */
export interface Platform {
  os?: string | null | undefined
  architecture?: string | null | undefined
}

/**
 * The platform of an image that is not for Linux: `windows/amd64`, `wasi/wasm`, or `unknown/unknown` for attestations. Undefined for images
 * for Linux, including those without an operating system, which Docker takes for its own.
 */
export function otherPlatform({ os, architecture }: Platform): string | undefined {
  const isLinux = !os || os.toLowerCase() === 'linux'
  if (isLinux && !architecture?.toLowerCase().startsWith('wasm')) return undefined
  return `${os || 'linux'}/${architecture || 'unknown'}`.slice(0, 100)
}
