import type { TagRule } from '../../domain/releases/discovery.ts'
import { type ImageChoice, isChosen } from '../../domain/releases/image-names.ts'
import { discoveredList, type RenamableList, type Renaming } from '../../image-lists/image-list-yaml.ts'
import type { DiscoverQuery } from '../../schemas.ts'
import { readBody } from '../shared/body.ts'
import { json, yaml } from '../shared/describes.ts'
import type { LargeTexts } from '../shared/large-texts.ts'
import type { ApiParts, DeclareRoute } from './route.ts'
import { refuseShape } from './validation.ts'

/** A list of several thousand images. */
const listLimit = 2 * 1024 * 1024
const mostImages = 5000

/** The tags that the images of a list have in this catalogue. */
export function discoveryRoutes(route: DeclareRoute, { discover, bounds, largeTexts }: ApiParts): void {
  route('POST /image-list/discover', {
    action: 'container:read',
    tag: 'releases',
    summary: 'An image list with the tags that are there',
    description:
      'Finds a tag for each image of the list in the body: a given one, the newest, or the one that a label of the image names. An image without one is left out, with the reason; in YAML and Heat as comments at the end. Only this catalogue is asked; `leporello discover --registry` asks another registry.',
    query: 'discover-query.json',
    consumes: ['application/yaml', 'text/yaml', 'text/plain', 'application/octet-stream'],
    rawBody: { content: { 'application/yaml': { schema: { $ref: 'image-list-file.json#' } } } },
    answers: {
      200: {
        description: 'What was found, also where that is nothing.',
        content: { ...json('discovery-answer.json#'), ...yaml('container_images:\n- imagename: "nova-api:bbb"\n') }
      }
    },
    async handler({ request, reply, query: { format, proven = false, ...given }, publicUrl }) {
      const text = (await readBody(request.raw, { ...bounds, limit: listLimit })).toString()
      const chosen = { only: given.only?.split(','), exclude: given.exclude?.split(',') }
      const list = await readList(largeTexts, text, chosen)
      if (list.entries.length > mostImages)
        refuseShape('body', [{ path: 'container_images', message: `has more than ${mostImages} images` }])
      const found = await discover({ imagenames: list.entries.map(({ imagename }) => imagename), rule: ruleOf(given), proven })
      const discovered = discoveredList(list, { found })
      if (format === 'json') return discovered.answer
      reply.header('content-type', 'application/yaml; charset=utf-8')
      if (format === 'yaml') return reply.send(await discovered.yaml())
      const { protocol, host } = new URL(publicUrl)
      return reply.send(discovered.heat(protocol === 'http:' ? host : undefined))
    }
  })
}

/** Reads a list where a large one holds up no other request, once for its entries and once more when they are renamed. */
async function readList(largeTexts: LargeTexts, text: string, chosen: ImageChoice): Promise<RenamableList> {
  const all = await largeTexts.run('imageEntries', text)
  const isIn = all.map(({ imagename }) => isChosen(imagename, chosen))
  return {
    entries: all.filter((_, i) => isIn[i]),
    renamed(names) {
      const following = names.values()
      const imagenames = isIn.map((taken) => (taken ? (following.next().value ?? null) : null))
      return largeTexts.run('renamedImageList', JSON.stringify({ text, imagenames } satisfies Renaming))
    }
  }
}

function ruleOf({ tag, newest, tag_from_label: label }: Pick<DiscoverQuery, 'tag' | 'newest' | 'tag_from_label'>): TagRule {
  const rules = Object.entries({ tag, newest, label }).filter(([, value]) => value !== undefined)
  if (rules.length === 1) return Object.fromEntries(rules) as TagRule
  if (rules.length === 0)
    refuseShape('query', [{ path: 'tag', message: 'is missing; expected tag, newest or tag_from_label' }], 'parameter_missing')
  return refuseShape('query', [{ path: 'tag', message: 'is one of several rules; send only one of tag, newest and tag_from_label' }])
}
