import t from 'tap'
import { inTableOrder, likelyMeant, namesOf, parseArchitecture } from '../../src/domain/architecture.ts'

t.test('every name that machines and people use means one architecture', async (t) => {
  const names = {
    amd64: ['x86_64', 'amd64', 'x64', 'x86-64', 'amd64/v1', 'AMD64', 'linux/amd64', 'Linux/X86_64'],
    arm64: ['arm64', 'aarch64', 'arm64/v8', 'armv8', 'arm64v8', 'ARM64', 'linux/arm64/v8'],
    'arm/v7': ['arm/v7', 'armv7l', 'armv7', 'armhf', 'arm32v7', 'arm', 'linux/arm'],
    'arm/v6': ['arm/v6', 'armv6l', 'arm32v6'],
    'arm/v5': ['arm/v5', 'armv5tel', 'armel', 'armv5l', 'armv5tejl', 'arm32v5'],
    '386': ['386', 'i686', 'i386', 'i486', 'i586', 'x86'],
    ppc64le: ['ppc64le', 'ppc64el', 'powerpc64le'],
    s390x: ['s390x'],
    riscv64: ['riscv64'],
    mips64le: ['mips64le', 'mips64el'],
    loong64: ['loong64', 'loongarch64'],
    sparc64: ['sparc64', 'SPARC64', 'linux/sparc64'],
    'amd64/v3': ['amd64/v3', 'linux/amd64/v3']
  }

  for (const [architecture, aliases] of Object.entries(names)) {
    for (const alias of aliases) t.equal(parseArchitecture(alias), architecture, alias)
  }
})

t.test('a name that is not well-formed is refused with what was found and expected', async (t) => {
  for (const name of [
    '',
    ' amd64',
    'amd64 ',
    'a/b/c',
    '/amd64',
    'amd64/',
    'ämd64',
    'x'.repeat(65),
    `x/${'x'.repeat(65)}`,
    'a"b',
    'linux/'
  ]) {
    t.throws(() => parseArchitecture(name), { code: 'architecture_invalid', message: /expected one such as amd64/ }, JSON.stringify(name))
  }
  const longest = 'x'.repeat(64)
  for (const name of [longest, `${longest}/${longest}`]) t.equal(parseArchitecture(`linux/${name}`), name)
})

t.test('an architecture stands under its OCI name and under what its machines call themselves', async (t) => {
  t.strictSame(namesOf(parseArchitecture('amd64')), ['x86_64', 'amd64'])
  t.strictSame(namesOf(parseArchitecture('aarch64')), ['arm64', 'aarch64'])
  t.strictSame(namesOf(parseArchitecture('sparc64')), ['sparc64'])
  t.strictSame(inTableOrder(['sparc64', 's390x', 'arm64', 'amd64'].map(parseArchitecture)), ['amd64', 'arm64', 's390x', 'sparc64'])
})

t.test('a misspelt name of an architecture is told from a real one that the table does not list', async (t) => {
  for (const [misspelt, meant] of [
    ...[
      ['aarch46', 'aarch64'],
      ['X86_46', 'x86_64'],
      ['x86_6', 'x86_64'],
      ['amd46', 'amd64'],
      ['am64', 'amd64'],
      ['adm64', 'amd64']
    ],
    ...[
      ['arch64', 'aarch64'],
      ['linux/arm46', 'arm64'],
      ['amr/v7', 'arm/v7'],
      ['ppc46le', 'ppc64le'],
      ['risc64', 'riscv64'],
      ['s309x', 's390x']
    ]
  ] as const) {
    t.equal(likelyMeant(misspelt), meant, misspelt)
  }
  const real =
    'amd64 aarch64 armhf arm/v8 amd64/v3 arm64/v9 mips mipsle mips64 ppc64 riscv32 s390 sparc64 ia64 wasm armv8l arm64e loong32 alpha gpu-node'
  for (const name of real.split(' ')) t.equal(likelyMeant(name), undefined, name)
})
