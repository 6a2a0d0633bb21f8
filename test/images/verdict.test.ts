import t from 'tap'
import { type InspectOptions, inspectImage } from '../../src/images/inspect-image.ts'
import { elf, type Machine } from '../support/elf.ts'
import { appLayer, baseLayer, inChunks, oldDockerSave, type TestImage } from '../support/images.ts'
import { type Entry, tar } from '../support/tar.ts'

const inspect = async (image: TestImage, options: InspectOptions = {}) =>
  (await inspectImage(inChunks(tar(oldDockerSave(image))), options)).report

/** The verdict on the usual image with these files added. */
const judged = async (entries: Entry[], options: InspectOptions & { architecture?: string } = {}) =>
  inspect({ architecture: options.architecture ?? 'amd64', layers: [baseLayer(), appLayer(), entries] }, options)

t.test('an image whose programs are what it claims is a match, and says by which files', async (t) => {
  const report = await inspect({})

  t.match(report, { verdict: 'match', architecture: 'amd64', claimed: null })
  t.match(report.summary, 'the entry point "/app/hello" is amd64, the shell "/usr/bin/dash" is amd64')
})

t.test('an arm64 image under an amd64 configuration is mislabelled, and the words name the files', async (t) => {
  const report = await inspect({ architecture: 'amd64', layers: [baseLayer('arm64'), appLayer('arm64')] })

  t.match(report, { verdict: 'mislabelled', architecture: 'arm64' })
  t.match(report.summary, 'claimed to be amd64, but the entry point "/app/hello" is arm64')
})

t.test('an image that is what its configuration says, but not what is claimed, is mislabelled', async (t) => {
  const arm = { architecture: 'arm64', layers: [baseLayer('arm64'), appLayer('arm64')] }

  const report = await inspect(arm, { claimed: 'x86_64' })

  t.match(report, { verdict: 'mislabelled', claimed: 'amd64', architecture: 'arm64' })
  t.match(report.summary, "claimed to be amd64, but the image's configuration says arm64")
})

t.test('a program for one machine on a base for another is mixed', async (t) => {
  const report = await inspect({ architecture: 'arm64', layers: [baseLayer('amd64'), appLayer('arm64')] })

  t.match(report, { verdict: 'mixed', architecture: null })
  t.match(report.summary, /"\/app\/hello" is arm64, but the shell "\/usr\/bin\/dash" is amd64/)
})

t.test('a library for another machine makes an image mixed', async (t) => {
  const report = await judged([{ name: 'opt/site-packages/numpy/core.so', body: elf('arm64', { type: 'shared' }) }])

  t.equal(report.verdict, 'mixed')
  t.match(report.summary, '"/opt/site-packages/numpy/core.so"')
})

t.test('another program for another machine is named and changes nothing', async (t) => {
  const report = await judged([{ name: 'home/me/tool', body: elf('s390x') }])

  t.equal(report.verdict, 'match')
  t.match(report.summary, '1 other files are not: "/home/me/tool"')
})

t.test('an image without ELF files has no binaries; so has one with nothing but files of other platforms', async (t) => {
  const data = await inspect({ layers: [[{ name: 'data', body: 'x' }]], config: { Entrypoint: null } })
  const firmware = await inspect({ layers: [[{ name: 'usr/lib/firmware/x/blob', body: elf('arm64') }]], config: { Entrypoint: null } })

  t.equal(data.verdict, 'no-binaries')
  t.equal(firmware.verdict, 'no-binaries')
  t.match(firmware.images[0]!.census.foreign.listed, [{ path: '/usr/lib/firmware/x/blob', architecture: 'arm64', why: 'firmware' }])
})

t.test('files that are foreign by right are listed and change no verdict', async (t) => {
  const foreign: [string, Machine, string][] = [
    ['lib/firmware/raspberry.bin', 'arm/v7', 'firmware'],
    ['usr/share/qemu/bios.elf', 'ppc64', 'firmware'],
    ['usr/lib/modules/6.1/kernel/x.ko', 'arm64', 'kernel'],
    ['usr/bin/qemu-x86_64-static', 'arm64', 'emulator'],
    ['usr/lib/aarch64-linux-gnu/libc.so.6', 'arm64', 'other-platform'],
    ['usr/aarch64-linux-gnu/lib/libm.so', 'arm64', 'other-platform'],
    ['usr/lib/gcc-cross/riscv64-linux-gnu/12/libgcc_s.so', 'riscv64', 'other-platform'],
    ['usr/local/go/pkg/tool/linux_arm64/compile', 'arm64', 'other-platform'],
    ['app/node_modules/esbuild/linux-arm64/bin/esbuild', 'arm64', 'other-platform'],
    ['usr/local/go/src/debug/elf/testdata/gcc-ppc64', 'ppc64', 'other-platform'],
    ['src/testdata/sample.so', 'mips64le', 'test-data'],
    ['usr/lib32/libc.so.6', '386', 'compatible'],
    ['usr/lib/probe.so', 'bpf', 'device']
  ]

  const report = await judged(
    foreign.map(([name, machine]) => ({ name, body: elf(machine, { type: 'shared' }) })),
    { limits: { samples: 20 } }
  )

  t.equal(report.verdict, 'match', report.summary)
  const listed = report.images[0]!.census.foreign.listed.map(({ path, why }) => [path, why])
  // a link of the base layer leads /lib to /usr/lib
  const expected = foreign.map(([name, , why]) => [`/${name.replace(/^lib\//, 'usr/lib/')}`, why])
  t.strictSame(listed.sort(), expected.sort())
})

t.test('a whole image for another machine is not excused by directories that are named for it', async (t) => {
  const report = await inspect({ architecture: 'amd64', layers: [baseLayer('arm64')], config: { Entrypoint: ['sh'] } })

  t.equal(report.verdict, 'mislabelled')
})

t.test('an image without an architecture is judged by what is claimed, and without a claim by its bytes', async (t) => {
  const noArch = { document: { architecture: '', os: '' } }

  const unclaimed = await inspect(noArch)
  const claimed = await inspect(noArch, { claimed: 'arm64' })

  t.match(unclaimed, { verdict: 'match', architecture: 'amd64', problems: [{ code: 'architecture_unclaimed' }] })
  t.equal(claimed.verdict, 'mislabelled')
})

t.test('an image of 386 programs under an amd64 configuration can be run, and the words say so', async (t) => {
  const report = await inspect({ layers: [baseLayer('386'), appLayer('386')] })

  t.match(report, { verdict: 'match', architecture: 'amd64' })
  t.match(report.summary, /the entry point "\/app\/hello" is 386, .*, which amd64 machines run$/)
})

t.test('every machine that we have a name for is known by its header', async (t) => {
  for (const machine of [
    'amd64',
    'arm64',
    'arm/v7',
    'arm/v5',
    '386',
    'ppc64le',
    's390x',
    'riscv64',
    'mips64le',
    'loong64'
  ] satisfies Machine[]) {
    const [architecture, variant] = machine.split('/')
    const report = await inspect({
      architecture: architecture!,
      ...(variant && { variant }),
      layers: [baseLayer(machine), appLayer(machine)]
    })
    t.match(report, { verdict: 'match', architecture: machine }, machine)
    t.match(report.images[0]!.decisive[0], { architecture: machine }, machine)
  }
})

t.test('variants of 32-bit ARM cannot be told apart by a header, but hard float is no armel', async (t) => {
  const hard = { architecture: 'arm', layers: [baseLayer('arm/v7'), appLayer('arm/v7')] }

  t.equal((await inspect(hard, { claimed: 'armv7l' })).verdict, 'match')
  t.equal((await inspect(hard, { claimed: 'armv6l' })).verdict, 'match')
  t.equal((await inspect(hard, { claimed: 'armel' })).verdict, 'mislabelled')
})

t.test('the entry point is found through PATH, links, scripts and env, and each step is named', async (t) => {
  const report = await judged(
    [
      { name: 'usr/local/bin/start', flag: '2', target: '../../../srv/start.py' },
      { name: 'srv/start.py', body: '#!/usr/bin/env -S python3 -u\n' },
      { name: 'usr/bin/env', body: elf('amd64') },
      { name: 'usr/bin/python3', flag: '2', target: '/etc/alternatives/python' },
      { name: 'etc/alternatives/python', flag: '2', target: '../../usr/bin/python3.12' },
      { name: 'usr/bin/python3.12', body: elf('arm64') }
    ],
    { architecture: 'amd64' }
  )
  const start = await inspect({
    layers: [
      baseLayer(),
      [
        { name: 'usr/local/bin/start', flag: '2', target: '../../../srv/start.py' },
        { name: 'srv/start.py', body: '#!/usr/bin/env -S python3 -u\n' },
        { name: 'usr/bin/python3', flag: '2', target: '/etc/alternatives/python' },
        { name: 'etc/alternatives/python', flag: '2', target: '../../usr/bin/python3.12' },
        { name: 'usr/bin/python3.12', body: elf('arm64') }
      ]
    ],
    config: { Entrypoint: ['start', 'x'] }
  })

  t.equal(report.verdict, 'match', 'what is not started does not decide')
  t.equal(start.verdict, 'mixed')
  t.match(start.images[0]!.decisive, [
    { role: 'entrypoint', named: 'start', path: '/srv/start.py', kind: 'script', interpreter: '/usr/bin/env -S python3 -u' },
    {
      role: 'interpreter',
      named: 'python3',
      path: '/usr/bin/python3.12',
      links: ['/usr/bin/python3 -> /etc/alternatives/python', String],
      architecture: 'arm64'
    },
    { role: 'shell', named: '/bin/sh', path: '/usr/bin/dash' },
    { role: 'loader', named: '/lib64/ld-linux-x86-64.so.2', path: '/usr/lib64/ld-linux-x86-64.so.2' }
  ])
})

t.test('what a launcher or a shell is told to start decides too', async (t) => {
  const arm = [
    { name: 'srv/tool', body: elf('arm64') },
    { name: 'usr/bin/tini', body: elf('amd64') }
  ]
  const starts = [
    { Entrypoint: ['tini', '--', '/srv/tool'] },
    { Entrypoint: ['tini'], Cmd: ['/srv/tool'] },
    { Entrypoint: ['/bin/sh', '-c', 'exec /srv/tool --port 1'] },
    { Entrypoint: null, Cmd: ['sh', '-c', '/srv/tool'] },
    { WorkingDir: '/srv', Entrypoint: ['./tool'] }
  ]

  for (const config of starts) {
    const report = await inspect({ layers: [baseLayer(), arm], config })
    t.equal(report.verdict, 'mixed', JSON.stringify(config))
  }
})

t.test('an entry point that leads nowhere, and scripts that start each other, are said and harm nothing', async (t) => {
  const loop: Entry[] = [
    { name: 'a', body: '#!/b\n' },
    { name: 'b', body: '#!/a\n' },
    { name: 'c', flag: '2', target: 'd' },
    { name: 'd', flag: '2', target: 'c' }
  ]

  const scripts = await inspect({ layers: [baseLayer(), loop], config: { Entrypoint: ['/a'] } })
  const links = await inspect({ layers: [baseLayer(), loop], config: { Entrypoint: ['/c'] } })

  t.equal(scripts.verdict, 'match')
  t.match(links, {
    verdict: 'match',
    problems: [{ code: 'entrypoint_missing', message: 'the entrypoint "/c" leads to no file in the image' }]
  })
})

t.test('in PATH, files that nobody may execute are passed over, as runtimes do', async (t) => {
  const found = (entries: Entry[]) => inspect({ layers: [baseLayer(), entries], config: { Entrypoint: ['tool'] } })
  const arm: Entry = { name: 'usr/local/bin/tool', body: elf('arm64') }
  const amd: Entry = { name: 'usr/bin/tool', body: elf('amd64') }

  t.match(await found([arm, amd]), { verdict: 'mixed', images: [{ decisive: [{ path: '/usr/local/bin/tool' }] }] })
  t.match(await found([{ ...arm, mode: 0o644 }, amd]), { verdict: 'match', images: [{ decisive: [{ path: '/usr/bin/tool' }] }] })
  t.match(
    await found([
      { ...amd, name: 'usr/local/bin/tool', mode: 0o644 },
      { ...arm, name: 'usr/bin/tool' }
    ]),
    { verdict: 'mixed' }
  )
  t.match(await found([{ name: 'usr/local/bin/tool', body: 'text' }, amd]), { images: [{ decisive: [{ path: '/usr/bin/tool' }] }] })
  t.match(await found([{ ...arm, mode: 0o644 }]), { verdict: 'mixed' }, 'it is named where there is nothing else')
})
