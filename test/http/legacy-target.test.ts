import t from 'tap'
import { legacyTarget, readingsOf } from '../../src/http/legacy-target.ts'

t.test('the old Mozart is sent the path that was judged, in one spelling', async (t) => {
  const cases: [url: string, path: string, sent?: string][] = [
    ['/job/list?a=%20b&c=#d', '/job/list', '/job/list?a=%20b&c='],
    ['/container%2Fadd', '/container/add'],
    ['/%63ontainer/%61dd', '/container/add'],
    ['/container/add#x?y=z', '/container/add'],
    ['/container%2fadd#', '/container/add'],
    ['//container///add', '/container/add'],
    ['/job/../container/./add', '/container/add'],
    ['/job%2f..%2fcontainer/add', '/container/add'],
    ['/%ff/..%2fcontainer/add', '/container/add'],
    ['/%zz/..%2fcontainer/add', '/container/add'],
    ['/../../container/add', '/container/add'],
    ['/container%252Fadd', '/container%2Fadd', '/container%252Fadd'],
    ['/container%%32Fadd', '/container%2Fadd', '/container%252Fadd'],
    ['/%zz', '/%zz', '/%zz'],
    ['/%', '/%', '/%'],
    ['/a%25zz', '/a%zz', '/a%zz'],
    ['/caf%c3%a9 %3Fx', '/caf\u00c3\u00a9 ?x', '/caf%C3%A9%20%3Fx'],
    ['/job/list/', '/job/list/'],
    ['*', '/*'],
    ['', '/']
  ]

  for (const [url, path, sent = path] of cases) t.strictSame(legacyTarget(url), { path, sent }, url)
  for (const [url] of cases) t.strictSame(legacyTarget(legacyTarget(url).sent), legacyTarget(url), `${url}, read a second time`)
})

t.test('every path of ours is judged that the old Mozart may take a path for', async (t) => {
  const cases: [url: string, script: string, readings: string[]][] = [
    ['/job/list', '', ['/job/list', '/job/list']],
    ['/container/add/', '', ['/container/add/', '/container/add']],
    ['/%61/container/add', '/a', ['/a/container/add', '/a/container/add', '/container/add', '/container/add']],
    ['/acontainer/add', '/a', ['/acontainer/add', '/acontainer/add', '/container/add', '/container/add']],
    ['/a', '/a', ['/a', '/a', '/', '/']]
  ]

  for (const [url, script, readings] of cases) t.strictSame(readingsOf(legacyTarget(url), script), readings, url)
})
