/** The platform in a configuration. */
export interface Platform {
  os?: string | null | undefined
  architecture?: string | null | undefined
}

/** A platform other than Linux: `windows/amd64`, `wasi/wasm`, `unknown/unknown` for attestations. As for Docker, none means Linux. */
export function otherPlatform({ os, architecture }: Platform): string | undefined {
  const isLinux = !os || os.toLowerCase() === 'linux'
  if (isLinux && !architecture?.toLowerCase().startsWith('wasm')) return undefined
  return `${os || 'linux'}/${architecture || 'unknown'}`.slice(0, 100)
}
