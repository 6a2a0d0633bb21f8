import type { Catalogue } from '../../catalogue/catalogue.ts'
import { repositoryOf } from '../../domain/image/storage.ts'
import type { TagRule } from '../../domain/releases/discovery.ts'
import { isNamed } from '../../domain/releases/image-names.ts'
import type { DiscoverQuery } from '../../schemas.ts'
import { type BodyBounds, readBody } from '../shared/body.ts'
import { json, textContent } from '../shared/describes.ts'
import { heatEnvironment, leftOutComments, parseImageList } from './image-list-yaml.ts'
import type { DeclareRoute } from './route.ts'
import { refuseShape } from './validation.ts'

export interface DiscoveryRoutes extends Pick<Catalogue, 'discover'> {
  bounds: BodyBounds
}

/** A list of several thousand images. */
const listLimit = 2 * 1024 * 1024
const mostImages = 5000

/** The tags that the images of a list have in this catalogue. */
export function discoveryRoutes(route: DeclareRoute, { discover, bounds }: DiscoveryRoutes): void {
  route({
    method: 'POST',
    path: '/image-list/discover',
    action: 'container:read',
    tag: 'releases',
    summary: 'An image list with the tags that are there',
    description:
      'Finds a tag for each image of the list in the body: a given one, the newest, or the one that a label of the image names. An image without one is left out, with the reason; in YAML and Heat as comments at the end. Only this catalogue is asked; `leporello discover --registry` asks another registry.',
    query: 'discover-query.json',
    consumes: ['application/yaml', 'text/yaml', 'text/plain', 'application/octet-stream'],
    rawBody: { content: { 'application/yaml': { schema: { type: 'string', format: 'binary' } } } },
    answers: {
      200: {
        description: 'What was found, also where that is nothing.',
        content: {
          ...json('discovery-answer.json#'),
          ...textContent('container_images:\n- imagename: "nova-api:bbb"\n', 'application/yaml')
        }
      }
    },
    async handler({ request, reply, query: { format, proven = false, ...given }, publicUrl }) {
      const text = (await readBody(request.raw, { ...bounds, limit: listLimit })).toString()
      const list = parseImageList(text, (imagename) => isChosen(imagename, given))
      if (list.entries.length > mostImages)
        refuseShape('body', [{ path: 'container_images', message: `has more than ${mostImages} images` }])
      const found = await discover({ imagenames: list.entries.map(({ imagename }) => imagename), rule: ruleOf(given), proven })
      const named = list.entries.map(({ imagename, params }, i) => {
        const one = found[i]!
        return 'reason' in one
          ? undefined
          : { imagename: `${repositoryOf(imagename)}:${one.tag}`, params, tag: one.tag, chosen_by: one.chosenBy }
      })
      const images = named.filter((one) => one !== undefined)
      const left_out = list.entries.flatMap(({ imagename }, i) => {
        const one = found[i]!
        return 'reason' in one ? [{ imagename, reason: one.reason }] : []
      })
      if (format === 'json') return { images, left_out }
      const { protocol, host } = new URL(publicUrl)
      const written =
        format === 'yaml'
          ? list.renamed(named.map((one) => one?.imagename))
          : heatEnvironment(images, protocol === 'http:' ? host : undefined)
      return reply.header('content-type', 'application/yaml; charset=utf-8').send(written + leftOutComments(left_out))
    }
  })
}

/** Patterns are separated by commas. */
function isChosen(imagename: string, { only, exclude }: Pick<DiscoverQuery, 'only' | 'exclude'>): boolean {
  const matches = (patterns: string) => patterns.split(',').some((name) => isNamed(imagename, { name }))
  return (only === undefined || matches(only)) && (exclude === undefined || !matches(exclude))
}

function ruleOf({ tag, newest, tag_from_label: label }: Pick<DiscoverQuery, 'tag' | 'newest' | 'tag_from_label'>): TagRule {
  const rules = [
    ...(tag === undefined ? [] : [{ tag }]),
    ...(newest === undefined ? [] : [{ newest }]),
    ...(label === undefined ? [] : [{ label }])
  ]
  if (rules.length === 1) return rules[0]!
  const message =
    rules.length === 0
      ? 'is missing; expected tag, newest or tag_from_label'
      : 'is one of several rules; send only one of tag, newest and tag_from_label'
  return refuseShape('query', [{ path: 'tag', message }], rules.length === 0 ? 'parameter_missing' : 'parameter_invalid')
}
