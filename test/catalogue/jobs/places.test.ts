import t from 'tap'
import { createPlaces } from '../../../src/catalogue/jobs/places.ts'

const open = () => createPlaces({ most: 8, what: 'readers', instead: 'read the history', code: 'streams_exhausted' })

t.test('a client may have a quarter of the places, and all clients together all', async (t) => {
  const places = open()
  const taken = ['a', 'a', 'b', 'b', 'c', 'c', 'd'].map((client) => places.take(client))

  t.throws(() => places.take('a'), {
    code: 'share_exceeded',
    message: 'a has 2 of the 8 readers, the most that one client may have; read the history, or try again later'
  })
  taken.push(places.take('d'))
  t.throws(() => places.take('e'), {
    code: 'streams_exhausted',
    message: 'there are 8 readers already, and no more may be; read the history, or try again later'
  })
  t.match([places.taken(), places.refused()], [8, 2])
  for (const giveBack of taken) giveBack()
  t.equal(places.taken(), 0)
})

t.test('a place is given back once, however often that is said', async (t) => {
  const places = open()
  const giveBack = places.take('a')
  places.take('a')

  giveBack()
  giveBack()

  t.equal(places.taken(), 1)
  places.take('a')
  t.throws(() => places.take('a'), { code: 'share_exceeded' })
})

t.test('without a client no share is counted', async (t) => {
  const places = open()

  for (let i = 0; i < 8; i++) places.take(undefined)

  t.throws(() => places.take(undefined), { code: 'streams_exhausted' })
})
