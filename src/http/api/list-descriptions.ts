import { type Description, json } from '../shared/describes.ts'
import { problem } from './container-descriptions.ts'

const example = {
  items: [{ id: 'operator:v1', state: 'partial', missing: ['arm64'] }],
  next: null,
  swept: '2026-01-02T03:04:05.000Z'
}

export const listDescriptions = {
  containers: {
    summary: 'Containers by what they are',
    description:
      'Page by page: `next`, or the Link header, leads on; a page may be short, or empty, and still have a next one. Walking all pages neither misses nor repeats what stood unchanged meanwhile. What has builds, tests or waiting images, but no record yet, is among them, its revision null: without another filter or order than id, name and version it stands at the end. name and version alone are answered from the records. The other filters, and the orders by time, are answered from rows beside them, which every change writes and a sweep corrects: `swept` tells when it last began to. Each item is read anew and left out where it is not what was asked for: a page may be short, never wrong.',
    tags: ['containers'],
    querystring: { $ref: 'list-query.json#' },
    response: {
      200: {
        description: 'A page of containers. Link with rel="next" leads to the next one, where there is one.',
        content: json('container-list.json#', example)
      },
      400: problem('A parameter is wrong, or not known here.'),
      503: problem('A store does not answer; try again.')
    }
  }
} satisfies Record<string, Description>
