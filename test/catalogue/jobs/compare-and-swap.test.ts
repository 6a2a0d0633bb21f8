import t from 'tap'
import { compareAndSwap, overtaken, retryOvertaken, writeUnlessOvertaken } from '../../../src/catalogue/jobs/compare-and-swap.ts'
import { CatalogueError } from '../../../src/domain/errors.ts'
import type { StoredDocument } from '../../../src/stores/document-store.ts'
import { openStores } from '../../support/start-server.ts'

const add = (stored: StoredDocument | undefined, member: string) =>
  JSON.stringify({ members: [...(stored ? JSON.parse(stored.document).members : []), member] })

t.test('a document is decided anew when another writer was first, and both changes are kept', async (t) => {
  const { leases } = await openStores(t)
  let attempts = 0

  const swapped = await compareAndSwap(leases, {
    id: 'a',
    subject: 'a',
    async decide(stored) {
      attempts++
      if (attempts === 1) await leases.put('a', add(undefined, 'theirs'))
      return { document: add(stored, 'ours'), attempt: attempts }
    }
  })

  t.match(swapped, { attempts: 2, made: { attempt: 2 }, revision: (await leases.get('a'))!.revision })
  t.equal((await leases.get('a'))!.document, '{"members":["theirs","ours"]}')
})

t.test('a document can be removed, or left as it is', async (t) => {
  const { leases } = await openStores(t)
  const { revision } = await leases.put('a', '{}')
  const swap = (made: { document: string | undefined; keep?: boolean }) =>
    compareAndSwap(leases, { id: 'a', subject: 'a', decide: () => made })

  t.match(await swap({ document: '{"other": 1}', keep: true }), { revision, attempts: 1 })
  t.equal((await leases.get('a'))!.document, '{}')
  t.strictSame(await swap({ document: undefined }), { made: { document: undefined }, revision: undefined, attempts: 1 })
  t.equal(await leases.get('a'), undefined)
  t.match(await swap({ document: undefined }), { revision: undefined, attempts: 1 }, 'there is nothing to remove')
})

t.test('an error of the decision ends the swap, also one that looks like a conflict', async (t) => {
  const { leases } = await openStores(t)
  const refused = new CatalogueError('already_exists', 'refused')

  await t.rejects(compareAndSwap(leases, { id: 'a', subject: 'a', decide: () => Promise.reject(refused) }), refused)
})

t.test('a conditional write tells when it was overtaken', async (t) => {
  const { leases } = await openStores(t)
  const { revision } = await leases.put('a', '{}')
  await leases.put('a', '{"b": 1}')

  t.equal(await writeUnlessOvertaken(leases, { id: 'a', document: '{}', revision }), overtaken)
  t.equal(await writeUnlessOvertaken(leases, { id: 'a', document: undefined, revision }), overtaken)
  t.equal(await writeUnlessOvertaken(leases, { id: 'a', document: '{}', revision: undefined }), overtaken)
})

t.test('who is always overtaken gives up in the end', async (t) => {
  await t.rejects(
    retryOvertaken(async () => overtaken, 'a is changed by too many writers at once; try again'),
    { code: 'revision_conflict', message: 'a is changed by too many writers at once; try again' }
  )
})
