import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { whyUnreadable } from './files.ts'

/** Returns the absolute path of a PEM file with certificates, or what is wrong with it, to be said after "which". */
export function certificatesIn(file: string): { path: string } | { problem: string } {
  const path = resolve(file)
  const expected = 'expected a PEM file with a certificate'
  try {
    if (readFileSync(path, 'utf8').includes('-----BEGIN CERTIFICATE-----')) return { path }
    return { problem: `holds no certificate; ${expected}` }
  } catch (error) {
    return { problem: `${whyUnreadable(error)}; ${expected}` }
  }
}
