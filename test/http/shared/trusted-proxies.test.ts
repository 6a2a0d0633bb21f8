import t from 'tap'
import { createTrustedProxies } from '../../../src/http/shared/trusted-proxies.ts'

t.test('a peer is a trusted proxy by its address or by a range that holds it', async (t) => {
  const cases: [list: string[], address: string | undefined, trusted: boolean][] = [
    [['127.0.0.0/8', '::1'], '127.0.0.1', true],
    [['127.0.0.0/8', '::1'], '127.9.9.9', true],
    [['127.0.0.0/8', '::1'], '::1', true],
    [['127.0.0.0/8', '::1'], '::ffff:127.0.0.1', true],
    [['127.0.0.0/8', '::1'], '::ffff:10.0.0.1', false],
    [['127.0.0.0/8', '::1'], '10.0.0.1', false],
    [['127.0.0.0/8', '::1'], undefined, false],
    [['127.0.0.0/8', '::1'], 'unknown', false],
    [['10.1.2.3'], '10.1.2.3', true],
    [['10.1.2.3'], '10.1.2.30', false],
    [['10.1.0.0/16'], '10.1.255.255', true],
    [['10.1.0.0/16'], '10.2.0.0', false],
    [['fe80::/10'], 'fe80::1%eth0', true],
    [['2001:db8::/32'], '2001:db8:1::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [[], '127.0.0.1', false]
  ]

  for (const [list, address, trusted] of cases) t.equal(createTrustedProxies(list)(address), trusted, `${address} in ${list}`)
})
