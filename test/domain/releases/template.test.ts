import t from 'tap'
import { renderTemplate } from '../../../src/domain/releases/template.ts'

const keysFrom = (text: string) =>
  new Map(
    text
      .split(' ')
      .filter(Boolean)
      .map((pair) => pair.split('=') as [string, string])
  )

const rendered: { what: string; template: string; keys: string; text: string }[] = [
  {
    what: 'keys, with comments and other members as they were',
    template:
      '# all of nova\n- imagename: "{{namespace}}/{{ name_prefix }}nova-api{{name_suffix}}:{{tag}}"   # the API\n  params: [ A,B ]\n',
    keys: 'namespace=docker.io/tripleo name_prefix=centos- name_suffix= tag=aaa',
    text: '# all of nova\n- imagename: "docker.io/tripleo/centos-nova-api:aaa"   # the API\n  params: [ A,B ]\n'
  },
  { what: 'a default', template: `{{ tag | default('latest') }} {{tag|default(other)}}`, keys: 'other=x', text: 'latest x' },
  { what: 'a default that is not needed', template: `{{ tag | default('latest', true) }}`, keys: 'tag=a', text: 'a' },
  { what: 'a condition that holds', template: '{% if d == "ovn" %}a{% else %}b{% endif %}', keys: 'd=ovn', text: 'a' },
  { what: 'its alternative', template: '{% if d == "ovn" %}a{% else %}b{% endif %}', keys: 'd=other', text: 'b' },
  { what: 'the first of several', template: "{% if d == 'x' %}a{% elif d != 'z' %}b{% elif d %}c{% endif %}", keys: 'd=y', text: 'b' },
  { what: 'a default in a condition', template: '{% if c | default(true) %}a{% endif %}', keys: '', text: 'a' },
  { what: 'the word false', template: '{% if c | default(true) %}a{% endif %}-', keys: 'c=false', text: '-' },
  { what: 'not, and, or', template: '{% if not c and d or e %}a{% endif %}', keys: 'c=0 d=no e=1', text: 'a' },
  { what: 'nested conditions', template: '{% if a %}1{% if b %}2{% else %}3{% endif %}4{% endif %}5', keys: 'a=1 b=0', text: '1345' },
  { what: 'keys of a part that is left out', template: '{% if a %}{{ b }}{% if c %}{% endif %}{% endif %}', keys: 'a=no c=1', text: '' },
  { what: 'a comment of the template', template: 'a{# {{ b }} #}c', keys: '', text: 'ac' },
  { what: 'an included file', template: "{% include 'more' %}", keys: 'tag=1', text: 'more: 1' }
]

for (const { what, template, keys, text } of rendered) {
  t.test(`a template is filled: ${what}`, (t) => {
    t.equal(renderTemplate(template, { keys: keysFrom(keys), include: (name) => `${name}: {{ tag }}` }), text)
    t.end()
  })
}

const refused: { what: string; template: string; keys?: string; errors: object[] }[] = [
  {
    what: 'every key that nobody gave, with its place and the nearest one',
    template: 'a:\n- imagename: "{{namespace}}/x:{{tag}}"\n',
    keys: 'namspace=x',
    errors: [
      { path: 'line 2, column 15', message: 'namespace is not given; did you mean namspace?' },
      { path: 'line 2, column 31', message: 'tag is not given; given: namspace' }
    ]
  },
  { what: 'no key at all', template: '{{tag}}', errors: [{ path: 'line 1, column 1', message: 'tag is not given; no key is given' }] },
  {
    what: 'a key in a condition',
    template: '\n{% if driver == "ovn" %}{% endif %}',
    errors: [{ path: 'line 2, column 1', message: /driver/ }]
  },
  { what: 'code', template: '{{ range.constructor("return process.pid")() }}', errors: [{ message: /is not understood; expected/ }] },
  { what: 'a loop', template: '{% for a in b %}', errors: [{ message: /for a in b .* expected if/ }] },
  { what: 'a file that includes itself', template: "{% include 'self' %}", errors: [{ path: /^self, /, message: /more than 8 files/ }] },
  {
    what: 'an if that does not end',
    template: 'a\n {% if true %}',
    errors: [{ path: 'line 2, column 2', message: /expected {% endif %}/ }]
  },
  { what: 'an end without an if', template: '{% endif %}', errors: [{ message: /without an if/ }] },
  { what: 'an open brace', template: 'a {{ b', errors: [{ path: 'line 1, column 3', message: '{{ is not closed; expected }}' }] }
]

for (const { what, template, keys = '', errors } of refused) {
  t.test(`a template is refused: ${what}`, (t) => {
    const include = (name: string) => `{% include '${name}' %}`
    t.throws(() => renderTemplate(template, { keys: keysFrom(keys), include }), { code: 'parameter_invalid', details: { errors } })
    t.end()
  })
}

t.test('a value that would end its YAML scalar is refused', (t) => {
  for (const value of ['a"b', "a'b", 'a\nb', 'a: b', 'a #b', 'a\\b', '{{a}}']) {
    t.throws(
      () => renderTemplate('{{tag}}', { keys: new Map([['tag', value]]) }),
      { code: 'parameter_invalid', message: /^tag is "/ },
      value
    )
  }
  t.end()
})
