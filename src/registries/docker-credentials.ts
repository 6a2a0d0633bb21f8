import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { asFields, type JsonFields, parsedJson } from '../domain/json/reading.ts'
import { own } from '../domain/own.ts'
import { configuredNames } from './address.ts'
import { registryError } from './registry-error.ts'

/** A password, or what `docker login` was given in its place. */
export type RegistryCredentials = { username: string; password: string } | { identityToken: string } | { registryToken: string }

/** Names credentials in messages, without a secret. */
export const credentialsInWords = (found: RegistryCredentials): string =>
  'username' in found ? `user ${JSON.stringify(found.username)}` : 'identityToken' in found ? 'an identity token' : 'a registry token'

/** Returns what docker's configuration has for a registry. Undefined where nobody has signed in. */
export type CredentialsOf = (host: string) => Promise<RegistryCredentials | undefined>

/** Reads `config.json` in a folder, as `docker login` writes it; credentials may be kept by a program that it names. */
export function dockerCredentials(folder: string): CredentialsOf {
  const file = join(folder, 'config.json')
  return async (host) => {
    const settings = readSettings(file)
    if (settings === undefined) return undefined
    const names = configuredNames(host)
    const helpers = asFields(settings['credHelpers']) ?? {}
    const helper = names.map((name) => own(helpers, name)).find((name) => typeof name === 'string') ?? settings['credsStore']
    if (typeof helper === 'string' && helper !== '') {
      for (const name of helperNames(names)) {
        const found = await askHelper({ helper, name, file })
        if (found) return found
      }
    }
    const auths = Object.entries(asFields(settings['auths']) ?? {})
    const entry = asFields(auths.find(([name]) => names.includes(hostIn(name)))?.[1])
    return entry && credentialsIn(entry, { host, file })
  }
}

function readSettings(file: string): JsonFields | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw registryError('failed', { message: `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}` })
  }
  const settings = parsedJson(text)
  if (settings !== undefined) return asFields(settings) ?? {}
  throw registryError('failed', { message: `${file} is not JSON; mend it, or sign in again with docker login` })
}

/** Keys may be URLs, such as `https://index.docker.io/v1/`. */
const hostIn = (key: string): string =>
  key
    .replace(/^https?:\/\//i, '')
    .replace(/\/.*$/s, '')
    .toLowerCase()

/** Docker Hub is known to helpers by its URL. */
const helperNames = (names: readonly string[]): readonly string[] => (names.length > 1 ? [`https://${names[0]}/v1/`] : names)

function credentialsIn(entry: JsonFields, { host, file }: { host: string; file: string }): RegistryCredentials | undefined {
  const { auth, username, password, identitytoken, registrytoken } = entry
  if (isText(registrytoken)) return { registryToken: registrytoken }
  if (isText(identitytoken)) return { identityToken: identitytoken }
  if (isText(username) && isText(password)) return { username, password }
  if (!isText(auth)) return undefined
  const [, user, secret] = /^([^:]+):(.*?)\0*$/s.exec(Buffer.from(auth, 'base64').toString('utf8')) ?? []
  if (user !== undefined && secret !== undefined) return { username: user, password: secret }
  throw registryError('failed', {
    message: `auth of ${host} in ${file} is not USER:PASSWORD in base64; sign in again with docker login ${host}`
  })
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const execute = promisify(execFile)
const helperMs = 30_000
const maxHelperAnswer = 256 * 1024

/** Asks a credential helper. What it prints may hold a secret, so no message repeats it. */
async function askHelper({ helper, name, file }: Record<'helper' | 'name' | 'file', string>): Promise<RegistryCredentials | undefined> {
  if (!/^[\w.-]+$/.test(helper)) {
    const message = `${file} names the credential helper ${JSON.stringify(helper.slice(0, 50))}, which is no program's name`
    throw registryError('failed', { message })
  }
  const program = `docker-credential-${helper}`
  const fail = (why: string) => registryError('failed', { message: `${program}, which ${file} names for ${name}, ${why}` })
  const asking = execute(program, ['get'], { timeout: helperMs, maxBuffer: maxHelperAnswer })
  // one that ends without reading is reported by its status
  asking.child.stdin?.on('error', () => {}).end(name)
  const stdout = await asking.then(
    (answer) => answer.stdout,
    (error) => {
      if (/credentials not found/i.test(error.stdout + error.stderr)) return undefined
      if (error.code === 'ENOENT') throw fail('is not installed, or not in PATH')
      throw fail(`failed (${error.killed ? `no answer in ${helperMs / 1000} s` : `status ${error.code}`}); try it with: docker login`)
    }
  )
  if (stdout === undefined) return undefined
  const { Username: username, Secret: secret } = asFields(parsedJson(stdout)) ?? {}
  if (typeof username !== 'string' || !isText(secret)) throw fail('did not answer with Username and Secret')
  return username === '<token>' ? { identityToken: secret } : { username, password: secret }
}
