import { dockerFolder } from '../../config/docker.ts'
import { repositoryOf } from '../../domain/image/storage.ts'
import type { TagRule } from '../../domain/releases/discovery.ts'
import { type ImageChoice, isChosen } from '../../domain/releases/image-names.ts'
import { discoveredList } from '../../image-lists/discovered.ts'
import { parseImageList } from '../../image-lists/image-list-yaml.ts'
import { parseRegistryAddress, repositoryAt } from '../../registries/address.ts'
import { dockerCredentials } from '../../registries/docker-credentials.ts'
import { openRegistry } from '../../registries/registry.ts'
import { discoverInRegistry } from '../../registries/registry-discovery.ts'
import type { DiscoveryAnswer } from '../../schemas.ts'
import { misuse } from '../client/api-error.ts'
import { numberOf, textOf } from '../client/client-command.ts'
import type { Trust } from '../client/http-client.ts'
import { registryAsk } from '../client/registry-ask.ts'
import type { Values } from '../terminal/command.ts'

export interface SoughtList {
  rule: TagRule
  choice: ImageChoice
  /** The list, with its keys filled. */
  body: string
}

export interface FoundList {
  answer: DiscoveryAnswer
  file(format: 'yaml' | 'heat'): Promise<string>
}

const usualAtOnce = 8

/** Finds the tags of a list in the registry that --registry names. */
export async function discoverThere(
  { rule, choice, body }: SoughtList,
  { values, trust }: { values: Values; trust: Trust }
): Promise<FoundList> {
  if (values['proven'] === true) throw misuse('--proven goes without --registry: another registry proves nothing')
  const plainHttp = values['plain-http'] === true
  const address = parseRegistryAddress(textOf(values, 'registry')!, { plainHttp })
  const atOnce = numberOf(values, { name: 'at-once', least: 1 }) ?? usualAtOnce
  const list = parseImageList(body, (imagename) => isChosen(imagename, choice))
  const repositoryFor = (imagename: string) => repositoryAt(address, repositoryOf(imagename))
  const registry = openRegistry({ address, ask: registryAsk(trust), credentialsOf: dockerCredentials(dockerFolder()), atOnce, plainHttp })
  const imagenames = list.entries.map(({ imagename }) => imagename)
  const found = await discoverInRegistry(registry, { imagenames, rule, repositoryFor })
  const discovered = discoveredList(list, { found, repositoryFor: (imagename) => `${address.host}/${repositoryFor(imagename)}` })
  const insecure = address.base.protocol === 'http:' ? address.host : undefined
  return { answer: discovered.answer, file: async (format) => (format === 'yaml' ? discovered.yaml() : discovered.heat(insecure)) }
}
