import type { Machine } from '../../../support/elf.ts'
import { appLayer, baseLayer } from '../../../support/images.ts'
import { type Case, caseOf } from './case.ts'

/** 32-bit ARM alone: what a configuration names, what the program's flags say, and what machine asks. */
export function architectureCases(): Case[] {
  const cases: Case[] = []
  const variants = [undefined, 'v5', 'v6', 'v7', 'v8', '7']
  for (const variant of variants) {
    for (const program of ['arm/v7', 'arm/v5', 'arm64'] as const) {
      const image = { architecture: 'arm', ...(variant && { variant }), layers: [baseLayer(program), appLayer(program)] }
      const name = `arm/${variant ?? 'none'}-with-${program.replace('/', '')}`
      cases.push(caseOf(name, { image, as: 'old', machine: variant === 'v6' ? 'arm/v6' : 'arm/v7' }))
    }
  }
  const names: [string, Machine][] = [
    ['arm64', 'arm64'],
    ['aarch64', 'arm64'],
    ['x86_64', 'amd64'],
    ['AMD64', 'amd64'],
    ['i386', '386'],
    ['armhf', 'arm/v7'],
    ['arm/v7', 'arm/v7'],
    ['', 'amd64'],
    [' amd64', 'amd64'],
    ['sparc9000', 'amd64']
  ]
  for (const [architecture, machine] of names) {
    const image = { architecture, layers: [baseLayer(machine), appLayer(machine)] }
    const name = `names/${architecture.replace(/\W/g, '_') || 'empty'}`
    cases.push(caseOf(name, { image, as: 'old', machine }), caseOf(name, { image, as: 'oci', machine }))
  }
  for (const variant of ['v8', 'v9', '']) {
    const image = { architecture: 'arm64', variant, layers: [baseLayer('arm64'), appLayer('arm64')] }
    cases.push(caseOf(`names/arm64-${variant || 'empty'}`, { image, as: 'oci', machine: 'arm64' }))
  }
  for (const os of ['windows', 'Linux', 'freebsd', 'wasip1', 'unknown', '']) {
    cases.push(caseOf(`os/${os || 'empty'}`, { image: { document: { os } }, as: 'old' }))
    cases.push(caseOf(`os/${os || 'empty'}`, { image: { document: { os } }, as: 'oci' }))
  }
  return cases
}
