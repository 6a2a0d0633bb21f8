import { elf, type Machine } from '../../../support/elf.ts'
import { appLayer, baseLayer, type Packing, type TestImage } from '../../../support/images.ts'
import { type Case, caseOf, type Written } from './case.ts'

const written: Written[] = ['old', 'docker25', 'crane', 'skopeo', 'oci', 'nested']
const packings: Packing[] = ['none', 'gzip', 'zstd']
const machines = ['amd64', 'arm64', '386', 'ppc64le', 's390x', 'riscv64', 'mips64le', 'loong64'] as const

/** Every form with every packing, right and mislabelled, and every architecture. */
export function formatCases(): Case[] {
  const cases: Case[] = []
  for (const as of written) {
    for (const packing of packings) {
      cases.push(caseOf(`formats/layers-${packing}`, { image: { packing }, as }))
      cases.push(caseOf(`formats/whole-${packing}`, { as, packing }))
      cases.push(caseOf(`formats/mislabelled-${packing}`, { image: { packing, layers: [baseLayer('arm64'), appLayer('arm64')] }, as }))
    }
    cases.push(caseOf('formats/mixed', { image: { layers: [baseLayer(), appLayer('arm64')] }, as }))
  }
  for (const [i, machine] of machines.entries()) {
    for (const as of [written[i % written.length]!, written[(i + 3) % written.length]!]) {
      cases.push(caseOf(`formats/${machine}`, { image: imageFor(machine), as, machine }))
      // a loader takes a single image whatever it is for; what stands on the label is another matter
      cases.push(caseOf(`formats/${machine}-alone`, { image: imageFor(machine), as: as === 'nested' ? 'oci' : as }))
    }
  }
  return [...cases, ...orderCases()]
}

const imageFor = (machine: Machine): TestImage => ({ architecture: machine, layers: [baseLayer(machine), appLayer(machine)] })

/** The program of the last layer that has it is the one that is started. */
function orderCases(): Case[] {
  const orders: Machine[][] = [
    ['amd64', 'arm64'],
    ['arm64', 'amd64'],
    ['arm64', 'riscv64', 'amd64'],
    ['amd64', 'amd64', 's390x'],
    ['386', 'arm64', '386'],
    ['amd64', 'arm64', 'amd64', 'arm64']
  ]
  return orders.flatMap((order) => {
    const layers = [baseLayer(), ...order.map((machine) => [{ name: 'app/hello', body: elf(machine) }])]
    return (['old', 'docker25'] as const).map((as) => caseOf(`order/${order.join('-')}`, { image: { layers }, as }))
  })
}
