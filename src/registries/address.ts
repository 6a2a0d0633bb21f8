import { CatalogueError } from '../domain/errors.ts'
import { isLoopback } from '../domain/listening.ts'
import { checkRepository, isDigest, isTag } from '../domain/oci/names.ts'
import { withoutRegistry } from '../domain/releases/image-names.ts'
import { maskSecrets } from '../domain/secrets.ts'

/** A registry, as a person names it. */
export interface RegistryAddress {
  /** Its origin, with `/` at the end. */
  base: URL
  /** How references to its images begin. */
  host: string
  /** What all repositories begin with, or ''. */
  namespace: string
}

/** Docker Hub has one name in references, another one for its server, and a third one in docker's configuration. */
const hub = { host: 'docker.io', server: 'registry-1.docker.io', configured: 'index.docker.io', official: 'library' }
const hubNames = Object.values(hub).slice(0, 3)

/** Parses HOST[:PORT][/NAMESPACE]. http is spoken on the loopback, and elsewhere only when `plainHttp` is set. Throws parameter_invalid. */
export function parseRegistryAddress(text: string, { plainHttp }: { plainHttp: boolean }): RegistryAddress {
  const [, scheme, given, namespace = ''] = /^(?:(https?):\/\/)?([^/?#@\\\s]+)(?:\/([^?#\\\s]*?))?\/*$/i.exec(text) ?? []
  if (given === undefined || !URL.canParse(`https://${given}`)) {
    const message = `the registry is ${JSON.stringify(maskSecrets(text))}; expected HOST[:PORT][/NAMESPACE], such as registry.example.org/tripleo`
    throw invalid(message)
  }
  const host = hubNames.includes(given.toLowerCase()) ? hub.host : given.toLowerCase()
  const base = new URL(`https://${host === hub.host ? hub.server : host}/`)
  const mayBePlain = plainHttp || isOnLoopback(base)
  if (scheme?.toLowerCase() === 'http' && !mayBePlain) {
    throw invalid(`the registry is ${text}, where passwords could be read on the way; write https://, or add --plain-http`)
  }
  if (namespace !== '') checkRepository(namespace)
  // a URL parsed as https has lost the port 443, so it is parsed again
  const isPlain = mayBePlain && scheme?.toLowerCase() !== 'https'
  return { base: isPlain ? new URL(`http://${host}/`) : base, host, namespace }
}

/** Whether a URL names this machine. */
export const isOnLoopback = ({ hostname }: URL): boolean => isLoopback(hostname.replace(/^\[|\]$/g, ''))

/** Returns where a registry has the repository of a list: below the namespace, and without the registry that the list names. */
export function repositoryAt({ host, namespace }: RegistryAddress, repository: string): string {
  const bare = withoutRegistry(repository)
  const whole = namespace === '' || bare.startsWith(`${namespace}/`) ? bare : `${namespace}/${bare}`
  return host === hub.host && !whole.includes('/') ? `${hub.official}/${whole}` : whole
}

/** Returns the names under which docker's configuration may have a registry. */
export const configuredNames = (host: string): readonly string[] => (host === hub.host ? [hub.configured, ...hubNames] : [host])

const invalid = (message: string) => new CatalogueError('parameter_invalid', message)

/** Where an image is, as a person names it. */
export interface RegistryReference {
  address: RegistryAddress
  repository: string
  /** A tag or a digest. */
  reference: string
}

/** Parses REGISTRY/NAME:TAG or REGISTRY/NAME@DIGEST. Throws parameter_invalid. */
export function parseImageReference(text: string, { plainHttp }: { plainHttp: boolean }): RegistryReference {
  const [, scheme = '', host = '', name = '', tag, digest] =
    /^(https?:\/\/)?([^/@\s]+)\/([^:@\s]+)(?::([^:@/\s]*))?(?:@(\S*))?$/i.exec(text.replace(/^docker:\/\//, '')) ?? []
  const reference = digest ?? tag
  // `team/hello:1` names no registry
  const isHost = /[.:]/.test(host) || host === 'localhost'
  if (!isHost || reference === undefined || !(digest === undefined ? isTag(reference) : isDigest(reference))) {
    const named = JSON.stringify(maskSecrets(text.replace(/^(\w+:\/\/)?[^/@]*@(?!sha256:)/, '$1***@')))
    const message = `${named} is no image; expected REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:DIGEST, such as registry.example.org/team/hello:1`
    throw invalid(message)
  }
  const address = parseRegistryAddress(scheme + host, { plainHttp })
  return { address, repository: checkRepository(repositoryAt(address, name)), reference }
}
