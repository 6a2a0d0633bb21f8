import t from 'tap'
import { parseAddress, scopeOf } from '../../src/sources/addresses.ts'

const reachOf = (addresses: string[]) => addresses.map((address) => `${address} ${scopeOf(address).reach}`)
const all = (reach: string, addresses: string[]) => addresses.map((address) => `${address} ${reach}`)

t.test('what anybody may be given is public', async (t) => {
  const addresses = [
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '2606:4700::1111',
    '2a00:1450::1'
  ]

  t.strictSame(reachOf(addresses), all('public', addresses))
})

t.test('what stands inside of a site is local', async (t) => {
  const addresses = [
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '::1',
    'fc00::1',
    'fdff::1'
  ]

  t.strictSame(reachOf(addresses), all('local', addresses))
})

t.test('what is reserved or written for manuals is not public', async (t) => {
  const addresses = [
    '192.0.2.1',
    '198.18.0.1',
    '203.0.113.1',
    '240.0.0.1',
    '192.0.0.1',
    '2001:db8::1',
    '100::1',
    '4000::1',
    'fec0::1',
    '5f00::1'
  ]

  t.strictSame(reachOf(addresses), all('local', addresses))
})

t.test('metadata, link-local, multicast, broadcast and unspecified addresses are no file servers for anybody', async (t) => {
  const addresses = [
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd20:ce::254',
    'fd00:42::42'
  ]
  const others = [
    'fe80::1',
    'febf::1',
    '224.0.0.1',
    '239.255.255.255',
    'ff02::1',
    '255.255.255.255',
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '2001:0:1::1'
  ]

  t.strictSame(reachOf([...addresses, ...others]), all('never', [...addresses, ...others]))
})

t.test('an IPv4 address inside of an IPv6 one is never public, and no better than by itself', async (t) => {
  const local = [
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:0:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '2002:a00:1::1',
    '::127.0.0.1'
  ]
  const never = [
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '::ffff:0:a9fe:a9fe',
    '::ffff:0.0.0.0',
    '::169.254.169.254',
    '64:ff9b:1::1'
  ]

  t.strictSame(reachOf([...local, ...never]), [...all('local', local), ...all('never', never)])
  t.match(scopeOf('::ffff:127.0.0.1').what, 'an IPv4 address in the form of an IPv6 one, a loopback address')
})

t.test('what is no address in its plain form is not taken for a good one', async (t) => {
  const addresses = ['', 'localhost', '0x7f.1', '0177.0.0.1', '2130706433', '127.1', 'fe80::1%eth0', '8.8.8.8.8', '8.8.8.08']

  t.strictSame(reachOf(addresses), all('never', addresses))
  t.equal(parseAddress('[FD00:EC2:0::254]'), 'fd00:ec2::254')
})
