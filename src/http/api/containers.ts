import type { ContainerView } from '../../catalogue/lists/image-views.ts'
import { parseArchitecture } from '../../domain/architecture.ts'
import type { Edit } from '../../domain/container/container-edit.ts'
import type { Sort } from '../../domain/json/query.ts'
import type { SortField } from '../../domain/lists/summary.ts'
import type { ContainerPut, ListQuery } from '../../schemas.ts'
import { permitEdit } from './batch.ts'
import { type ApiCall, type ApiParts, answer, type DeclareRoute } from './route.ts'
import { sendPage, sendTagged, withEtag } from './sending.ts'

const reading = { action: 'container:read', tag: 'images', params: 'id-parameter.json' } as const
const missing = 'There is no such container, or no such image: `available` lists those that exist.'
const answers = { 200: answer('It is registered, in place of another one.', 'container-answer.json') }
const writing = { action: 'container:write', tag: 'containers', params: 'id-parameter.json' } as const
const change = { ...writing, query: 'dry-run-query.json', headers: 'change-headers.json' } as const

/** A container, and the image that one machine gets. */
export function containerRoutes(route: DeclareRoute, { images, containers }: ApiParts): void {
  route('GET /containers/:id', {
    ...reading,
    summary: 'A container with what is known of its images',
    answers: { 200: answer('The container. Its ETag is the revision.', 'container-view.json'), 404: missing },
    handler: async ({ reply, params }) => sendTagged(reply, await images.container(params.id))
  })

  route('GET /containers/:id/resolve', {
    ...reading,
    toPullBy: true,
    summary: 'The one image that a machine can run',
    description: 'A machine is refused rather than given the image of another architecture. Counts as demand for the architecture.',
    query: 'resolution-query.json',
    answers: {
      200: answer('The image.', 'resolution.json'),
      404: missing,
      409: 'The image is proven to be for another architecture, or is gone.'
    },
    handler: async ({ params, query: { arch, force = false } }) => (await containers.resolve(params.id, arch, { force })).resolution
  })
}

type EditCall = Pick<ApiCall<'id-parameter.json', never, never, never>, 'reply' | 'params' | 'change'>
type ContainerSettings = Pick<ContainerPut, 'expected' | 'publish'>

/** Changes of whole containers. */
export function containerEditRoutes(route: DeclareRoute, { edits, views, building, specsNaming, holders }: ApiParts): void {
  route('PUT /containers/:id', {
    ...change,
    summary: 'Register a whole container',
    description:
      'Images that it does not name are no longer its images. The same meaning again, in another order or under other aliases, writes nothing. `expected` and `publish` are settings of this one container, and go before the rules (LEPORELLO_RULES).',
    body: 'container-put.json',
    answers: { ...answers, 201: answer('It is registered.', 'container-answer.json') },
    handler(call) {
      const { expected: _, publish: __, ...container } = call.body
      return apply(call, { op: 'put', container }, call.body)
    }
  })

  route('PATCH /containers/:id', {
    ...change,
    summary: 'Change a part of a container',
    description: 'A JSON merge patch (RFC 7396): null takes an image away.',
    consumes: ['application/json', 'application/merge-patch+json'],
    body: 'container-patch.json',
    answers: { 200: answer('It is changed.', 'container-answer.json'), 404: missing, 422: 'Nothing would be left of it.' },
    handler(call) {
      const edit = { op: 'patch', container: call.body } as const
      permitEdit(call.request, { id: call.params.id, edit })
      return apply(call, edit)
    }
  })

  route('DELETE /containers/:id', {
    ...change,
    action: 'container:delete',
    summary: 'Remove a container',
    description: 'Its history can bring it back. Job specs that name it are listed as a warning.',
    query: 'removal-query.json',
    answers: { 200: answer('It is removed.', 'removal-answer.json'), 404: missing, 409: 'A channel or a release names it: see force.' },
    async handler({ params: { id }, query: { force = false }, change }) {
      if (!force) await holders.checkUnnamed(id)
      const { before, released } = await edits.apply({ id, ...change, edits: [{ op: 'delete' }] })
      const ids = await specsNaming(id)
      const warnings = ids.length === 0 ? [] : [{ code: 'named_by_job_specs', message: `job specs name it: ${ids.join(', ')}`, ids }]
      return { removed: !change.dryRun, container: await views.of(before!), warnings, released }
    }
  })

  async function apply({ reply, params: { id }, change }: EditCall, edit: Edit, { expected, publish }: ContainerSettings = {}) {
    const { before, after, unchanged, released } = await edits.apply({ id, ...change, edits: [edit] })
    // a precondition is about the record
    const setting = { id, ...change, precondition: undefined }
    const architectures = Array.isArray(expected) ? expected.map(parseArchitecture) : expected
    const same = [
      architectures === undefined || (await building.expect({ ...setting, architectures })).unchanged,
      publish === undefined || (await building.setPolicy({ ...setting, publish })).unchanged
    ]
    const container = await views.of(after!)
    return withEtag(reply, container)
      .code(before ? 200 : 201)
      .send({ container, unchanged: unchanged && !same.includes(false), released })
  }
}

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
