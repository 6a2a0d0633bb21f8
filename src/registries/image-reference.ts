import { CatalogueError } from '../domain/errors.ts'
import { checkRepository, isDigest, isTag } from '../domain/oci/names.ts'
import { maskSecrets } from '../domain/secrets.ts'
import { parseRegistryAddress, type RegistryAddress, repositoryAt } from './address.ts'

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
    throw new CatalogueError(
      'parameter_invalid',
      `${JSON.stringify(maskSecrets(text.replace(/^(\w+:\/\/)?[^/@]*@(?!sha256:)/, '$1***@')))} is no image; expected REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:DIGEST, such as registry.example.org/team/hello:1`
    )
  }
  const address = parseRegistryAddress(scheme + host, { plainHttp })
  return { address, repository: checkRepository(repositoryAt(address, name)), reference }
}
