import t from 'tap'
import { exact, html, type MarkupPart, markupText, nameText } from '../../../src/http/ui/html.ts'
import { linkElsewhere, shellWord, sizeInWords, timeInWords } from '../../../src/http/ui/texts.ts'

const written = (part: MarkupPart): string => markupText(html`${part}`)

t.test('what is put into a template is text, unless a template made it', async (t) => {
  for (const [part, expected] of [
    ['<b>"it\'s" & more</b>', '&lt;b&gt;&quot;it&#39;s&quot; &amp; more&lt;/b&gt;'],
    [html`<b>${'<i>'}</b>`, '<b>&lt;i&gt;</b>'],
    [['<', html`<br>`, 1], '&lt;<br>1'],
    [undefined, ''],
    [null, ''],
    [false, ''],
    [0, '0'],
    ['', ''],
    ['https://user:secret@host/?token=abc', 'https://***@host/?token=***'],
    ['a\u202eb\u0000c', 'a\\u202eb\\u0000c'],
    ['two\nlines', 'two\nlines'],
    [exact('a?token=abc&b\u202e'), 'a?token=abc&amp;b\u202e'],
    [nameText('token=abc\u202e:1'), 'token=abc\\u202e:1'],
    // a document that was parsed cannot pass for markup
    [JSON.parse('{"markup": "<b>"}') as never, undefined]
  ] as [MarkupPart, string | undefined][]) {
    if (expected === undefined) t.throws(() => written(part))
    else t.equal(written(part), expected)
  }
})

t.test('only an address that a browser opens as a page, and that carries no secret, is a link', async (t) => {
  for (const [address, isLink] of [
    ['https://ci.example.org/1', true],
    ['HTTP://ci/1', true],
    ['javascript:alert(1)', false],
    [' javascript:alert(1)', false],
    ['https:', false],
    ['data:text/html,x', false],
    ['//ci/1', false],
    ['/ui/', false],
    ['https://user:secret@ci/', false],
    ['https://ci/?token=***', false]
  ] as const) {
    t.equal(markupText(linkElsewhere(address)).startsWith('<a href="'), isLink, address)
  }
})

t.test('words for a shell, sizes and times', async (t) => {
  t.strictSame(["it's", 'hello:v1', 'a b', '$(rm)', ''].map(shellWord), [`'it'\\''s'`, 'hello:v1', "'a b'", "'$(rm)'", "''"])
  t.strictSame([null, 0, 1, 999, 1000, 123_456_789, 5e15].map(sizeInWords), [
    ...['–', '0 bytes', '1 byte', '999 bytes', '1.0 kB', '123.5 MB', '5000.0 TB']
  ])
  const now = new Date('2026-01-02T03:04:05Z')
  const ago = (seconds: number) => timeInWords(new Date(now.getTime() - seconds * 1000), now)
  t.strictSame([0, 59, 60, 7200, 86_400, 40 * 86_400, -3 * 86_400].map(ago), [
    ...['just now', 'just now', '1 min. ago', '2 hr. ago', 'yesterday', 'last mo.', 'in 3 days']
  ])
})
