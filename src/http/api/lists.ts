import type { ContainerView } from '../../catalogue/lists/image-views.ts'
import type { Sort } from '../../domain/json/query.ts'
import type { SortField } from '../../domain/lists/summary.ts'
import type { ListQuery } from '../../schemas.ts'
import { type ApiParts, answer, type DeclareRoute } from './route.ts'
import { sendPage } from './sending.ts'

/** Containers by what they are. */
export function listRoutes(route: DeclareRoute, { list, summaries }: ApiParts): void {
  route('GET /containers', {
    action: 'container:read',
    tag: 'containers',
    summary: 'Containers by what they are',
    description:
      'Page by page: `next`, or the Link header, leads on; a page may be short, or empty, and still have a next one. A walk over all pages neither misses nor repeats a container that does not change meanwhile. A container with builds, tests or waiting images but no record yet is listed with the revision null; unless there is another filter or order than id, name and version it comes at the end. name and version alone are answered from the records. The other filters, and the orders by time, are answered from summaries that every change writes and a sweep corrects: `swept` is when the last complete sweep began. Each container is read again before it is listed, and left out when it no longer matches: a page may be short, but is never wrong.',
    query: 'list-query.json',
    answers: {
      200: answer('A page of containers. Link with rel="next" is the address of the next one, if there is one.', 'container-list.json')
    },
    async handler({ reply, query: { fields, sort, limit, cursor, ...filters }, publicUrl }) {
      const [{ items: listed, next = null }, swept = null] = await Promise.all([
        list({ filters, sort: sortOf(sort), limit, cursor }),
        summaries.swept()
      ])
      const items = listed.map(({ view }) => view)
      const page = { items: fields ? items.map((item) => select(item, fields)) : items, next, swept }
      return sendPage(reply, { page, publicUrl })
    }
  })
}

/** Descending with a minus before the field. */
const sortOf = (sort: ListQuery['sort']): Sort & { field: SortField } => ({
  field: sort.replace('-', '') as SortField,
  order: sort.startsWith('-') ? 'desc' : 'asc'
})

const select = (item: ContainerView, fields: string) =>
  Object.fromEntries(fields.split(/, */).map((field) => [field, item[field as keyof ContainerView]]))
