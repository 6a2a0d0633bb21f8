import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const reasons: { [code: string]: string } = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a directory'
}

/** Why a file cannot be read, to be said after its name. */
export function whyUnreadable(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return reasons[code] ?? `cannot be read (${code || message})`
}

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
