import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { CatalogueError } from '../../domain/errors.ts'
import { type ListFormat, listText } from '../../domain/releases/list-text.ts'
import { renderTemplate } from '../../domain/releases/template.ts'
import { json, textContent, yaml } from '../shared/describes.ts'
import { bodyText } from './input.ts'
import type { ApiParts, DeclareRoute } from './route.ts'

const reading = { action: 'container:read', tag: 'releases' } as const
/** A template of several thousand images. */
const templateLimit = 2 * 1024 * 1024
const types: Record<ListFormat, string> = {
  names: 'text/plain; charset=utf-8',
  yaml: 'application/yaml; charset=utf-8',
  json: 'application/json; charset=utf-8'
}
/** Names that are sent at once; a longer list is sent in pieces. */
const longList = 1000
const yamlList = 'container_images:\n- imagename: "nova-api:bbb"\n'
const templateExample = 'container_images_template:\n- imagename: "{{namespace}}/{{name_prefix}}nova-api:{{tag}}"\n'
const rendering = { 'application/yaml': { schema: { description: 'Whatever the template is a template of.' }, example: yamlList } }

/** Which images there are, as other builders and deployment tools read it. */
export function imageListRoutes(route: DeclareRoute, { imageNames, bounds }: ApiParts): void {
  route('GET /image-list', {
    ...reading,
    summary: 'The names of images, for another builder',
    description:
      'With tag: the repositories that have it. As names each repository is listed once; as yaml or json every image is listed with its tag.',
    query: 'image-list-query.json',
    answers: {
      200: {
        description: 'The list.',
        content: { ...json('image-list.json#'), ...textContent('glance-api\nnova-api\n'), ...yaml(yamlList) }
      }
    },
    async handler({ request, reply, query: { format = acceptedFormat(request), ...filter } }) {
      const names = await (format === 'names' ? imageNames.repositories(filter) : imageNames.ids(filter))
      return reply
        .header('vary', 'accept')
        .header('content-type', types[format])
        .send(names.length > longList ? Readable.from(listText(names, format)) : [...listText(names, format)].join(''))
    }
  })

  route('POST /image-list/render', {
    ...reading,
    summary: 'A template with its keys filled',
    description:
      'Every query parameter is a key. The answer is the file of the body with its keys filled, and with its comments, its order and its other members as they were. Conditions ({% if key == "value" %}) are decided; files are not included here, but by `leporello render`. A key that nobody gave is refused with each line and column that names it.',
    query: 'render-query.json',
    consumes: ['application/yaml', 'text/yaml', 'text/plain', 'application/octet-stream'],
    rawBody: { content: { 'application/yaml': { schema: { type: 'string', format: 'binary', examples: [templateExample] } } } },
    answers: { 200: { description: 'The file.', content: rendering } },
    async handler({ request, reply }) {
      const template = await bodyText(request, { ...bounds, limit: templateLimit })
      if (template === '') throw new CatalogueError('parameter_missing', 'the body is empty; expected the template of an image list')
      request.echoes = true
      const keys = new Map(Object.entries(request.query as Record<string, string>))
      return reply.header('content-type', types.yaml).send(renderTemplate(template, { keys }))
    }
  })
}

/** For shell scripts: `curl -H 'Accept: text/plain'`. */
const acceptedFormat = ({ headers }: FastifyRequest): ListFormat =>
  /^\s*text\/plain\s*(?:[,;]|$)/i.test(headers.accept ?? '') ? 'names' : 'json'
