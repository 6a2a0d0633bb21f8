import t from 'tap'
import { chooseTag, type KnownTag, registeredLast, type TagRule } from '../../../src/domain/releases/discovery.ts'
import { compareVersions } from '../../../src/domain/releases/version-order.ts'

/** `aaa@3` was registered on the third; the image of `aaa@3+4` was made on the fourth. */
const tags = (text: string): KnownTag[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map((one) => {
      const [tag = '', day, made] = one.split(/[@+]/)
      return { tag, rank: day ? `2026-01-0${day}` : null, ...(made && { created: `2025-01-0${made}T00:00:00.123456789Z` }) }
    })

const cases: {
  rule: TagRule
  tags: string
  labels?: Record<string, string>
  named?: string
  tag?: string
  chosenBy?: string
  reason?: string
}[] = [
  { rule: { tag: 'aaa' }, tags: 'aaa bbb', tag: 'aaa' },
  { rule: { tag: 'aaa' }, tags: '', reason: 'there is no such repository' },
  { rule: { tag: 'curent' }, tags: 'x current y z v w', reason: 'it has no tag curent; the nearest: current, v, w, x, y' },
  { rule: { newest: 'registration' }, tags: 'a@1 b@3 c@2', tag: 'b' },
  { rule: { newest: 'registration' }, tags: 'a@3 b@3 c', tag: 'b' },
  { rule: { newest: 'created' }, tags: 'a@1 b@3 z', tag: 'b' },
  { rule: { newest: 'created' }, tags: 'a b', reason: 'no image of it says when it was created' },
  { rule: { newest: 'label', named: 'build' }, tags: 'a@1 b@2 z', tag: 'b' },
  { rule: { newest: 'label', named: 'build' }, tags: 'z', reason: 'no image of it has a label build' },
  { rule: { newest: 'registration' }, tags: 'a@3+2 b@3+1 c@1+9', tag: 'a' },
  { rule: { newest: 'registration' }, tags: 'a@3+1 b@3', tag: 'a' },
  { rule: { newest: 'registration' }, tags: 'a@3+1 b@3+1', tag: 'b' },
  { rule: { newest: 'registration' }, tags: 'a@+2 b@+1 c@', tag: 'a' },
  { rule: { newest: 'version' }, tags: 'v1.9 v1.10 v1.10-rc1 latest', tag: 'v1.10' },
  { rule: { label: 'rdo_version' }, tags: 'latest abc', labels: { rdo_version: 'abc' }, tag: 'abc' },
  { rule: { label: '{version}-{release}' }, tags: 'latest 1-2', labels: { version: '1', release: '2' }, tag: '1-2' },
  { rule: { label: '{version}-{release}' }, tags: 'latest', labels: { version: '1' }, reason: 'its image has no label release' },
  {
    rule: { label: '{version}-{release}' },
    tags: 'v6 1-2',
    labels: { version: '1' },
    named: 'v6',
    tag: 'v6',
    chosenBy: 'tag v6 of the list, as its image has no label release'
  },
  { rule: { label: 'v' }, tags: 'other', labels: {}, named: 'v6', reason: 'it has no tag v6; the nearest: other' },
  { rule: { label: 'v' }, tags: 'latest', labels: { v: '' }, named: 'latest', reason: 'its image has an empty label v' },
  { rule: { label: 'v' }, tags: 'latest', labels: { v: '7' }, reason: 'it has no tag 7; the nearest: latest' },
  { rule: { label: 'v' }, tags: 'latest', reason: 'the labels of its image are not known, as nobody read it' },
  { rule: { label: 'v' }, tags: 'abc', reason: 'it has no tag latest, whose label would name the tag' },
  { rule: { label: 'constructor' }, tags: 'latest', labels: {}, reason: 'its image has no label constructor' }
]

for (const { rule, tags: known, labels, named, tag, chosenBy, reason } of cases) {
  t.test(`${JSON.stringify(rule)} of ${known || 'nothing'}: ${tag ?? reason}`, (t) => {
    const found = chooseTag(rule, { tags: tags(known), labels, named })
    t.match(found, tag === undefined ? { reason } : { tag, ...(chosenBy !== undefined && { chosenBy }) })
    t.end()
  })
}

t.test('only of what was registered last at the same time the images are asked', (t) => {
  const last = (text: string) => registeredLast(tags(text)).map(({ tag }) => tag)

  t.strictSame(last('a@1 b@3 c@3 d'), ['b', 'c'])
  t.strictSame(last('a@1 b@3 c@2'), [])
  t.strictSame(last('a b'), ['a', 'b'])
  t.strictSame(last(''), [])
  t.end()
})

t.test('versions are ordered by their numbers, pre-releases before their release, and what is no version before all', (t) => {
  const sorted = ['latest', '0.9', 'v1.0-alpha', '1.0.0-rc2', '1.0.0-rc10', 'v1.0.0', '1.0.1', 'v1.2-el9', 'v1.10', '2024.01.05', '2024.02']
  const shuffled = [...sorted].sort()

  t.strictSame(shuffled.sort(compareVersions), sorted)
  t.equal(compareVersions('v1.0', '1.0.0'), 0)
  t.end()
})
