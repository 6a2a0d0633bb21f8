import { basename, resolve } from 'node:path'
import type { Config } from '../../config/config.ts'
import { pythonObject, pythonString } from '../../domain/json/json.ts'
import { asFields, parsedJson } from '../../domain/json/reading.ts'
import { maskSecrets } from '../../domain/secrets.ts'
import { insecureOption, serverOptions, trustFrom } from '../client/api.ts'
import { print, withConfig } from '../client/client-command.ts'
import { type DestinationSettings, describeFile, type LocalFile, refusal, upload } from '../client/destinations.ts'
import { send, type Trust, unreachable } from '../client/http-client.ts'
import { type Command, complain, exit, refuse, say, type Values } from '../terminal/terminal.ts'

export const containerMet: Command = {
  usage: 'container-met IDENT VERSION PRODUCT REPO DIGEST MOZART_URL [PRODUCT_ARM64] [--insecure] [--json]',
  description: `Does what container-builder's container-met.py does, without Python: uploads a tarball to REPO under its own name, and registers the
container with the Mozart at MOZART_URL (this server or another). PRODUCT is the x86_64 tarball, or '' for none.

REPO is a path, s3://bucket/prefix, osaka's s3://s3-us-west-2.amazonaws.com/bucket/prefix, s3://key:secret@host:port/bucket/prefix,
dav://, davs://, http:// or https:// (by PUT). S3 keys come from the environment (AWS_ACCESS_KEY_ID and so on); LEPORELLO_S3_ENDPOINT names
an S3 server other than Amazon's, together with LEPORELLO_OBJECTS=s3 and LEPORELLO_S3_BUCKET. Certificates are checked, which
container-met.py does not do: where HySDS signs its own, give --ca, or --insecure.

Exit status: 0 registered, 1 refused, 69 server not reachable, 255 too few arguments.`,
  options: { ca: serverOptions.ca, insecure: insecureOption, json: { type: 'boolean', help: 'print the outcome as JSON, also a refusal' } },
  examples: [
    [
      'leporello container-met container-hello:v1 v1 hello-v1.tar.gz dav://127.0.0.1:8888/storage sha256:0 http://127.0.0.1:8888/api/v0.1',
      'upload a tarball to Leporello, and register it there'
    ]
  ],
  maxPositionals: 7,
  run: async ({ positionals, values }) => {
    if (positionals.length < 6) {
      if (values['json'] === true) refuse('usage', tooFew)
      complain(`[ERROR] ${tooFew}`)
      return 255
    }
    return withConfig(values, (config) => attemptMet(positionals, config, values))
  }
}

/** The words of the builder's script, which people search for. */
const tooFew = 'Metadata requires: ident version product repo digest mozart_url [product_arm64]'

async function attemptMet(positionals: string[], { client, objects }: Config, values: Values): Promise<number> {
  const json = values['json'] === true
  try {
    return await uploadAndRegister(positionals, { objects, trust: trustFrom(client, values), token: client.token, json })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (json) refuse(code === unreachable ? 'unreachable' : 'refused', maskSecrets(message))
    complain(`[ERROR] ${maskSecrets(message)}`)
    return code === unreachable ? exit.unreachable : exit.wrong
  }
}

type MetSettings = DestinationSettings & { token: string | undefined; json: boolean }

async function uploadAndRegister(given: string[], { json, token, ...settings }: MetSettings): Promise<number> {
  const [ident, version, product, repo, digest, mozartUrl, productArm64] = given
  const put = async (file: LocalFile | undefined) => {
    if (!file) return undefined
    const url = joined(repo!, basename(file.path))
    await upload(file, presenting(url, { token, to: mozartUrl! }), settings)
    if (!json) say(`${maskSecrets(url)}: ${file.size} bytes, sha256:${file.sha256}`)
    return { url, size: file.size, sha256: file.sha256 }
  }
  const [first, second] = [await described(product), await described(productArm64)]
  refuseOneName(first, second)
  const [amd64, arm64] = [await put(first), await put(second)]
  const [url, urlArm64] = [amd64?.url ?? '', arm64?.url ?? '']
  const fields = { name: ident!, version: version!, url, resource: 'container', digest: digest!, ...urlsOf(url, urlArm64) }
  await registerAt(presenting(mozartUrl!, { token, to: mozartUrl! }), fields, settings.trust)
  if (json) print({ id: ident, version, digest, images: { amd64: masked(amd64), arm64: masked(arm64) }, server: maskSecrets(mozartUrl!) })
  else say(`${ident} is registered at ${maskSecrets(mozartUrl!)}`)
  return exit.done
}

/** A URL with LEPORELLO_TOKEN as its password, if it leads to the server that the token is for, and has none. It is not what is registered. */
function presenting(url: string, { token, to }: { token: string | undefined; to: string }): string {
  const [, scheme = '', rest = ''] = /^(davs?|https?):\/\/(.*)$/i.exec(url) ?? []
  if (!token || !URL.canParse(url) || !URL.canParse(to)) return url
  const { host, username, password } = new URL(url.replace(/^dav/i, 'http'))
  return host !== new URL(to).host || username || password ? url : `${scheme}://token:${encodeURIComponent(token)}@${rest}`
}

const masked = <Uploaded extends { url: string }>(uploaded: Uploaded | undefined) =>
  uploaded && { ...uploaded, url: maskSecrets(uploaded.url) }

const described = async (path: string | undefined) => (path ? describeFile(resolve(path)) : undefined)

/** The second upload would overwrite the first, and every machine get it. The builder's script does so silently. */
function refuseOneName(product: LocalFile | undefined, arm64: LocalFile | undefined): void {
  if (!product || !arm64 || basename(product.path) !== basename(arm64.path) || product.sha256 === arm64.sha256) return
  throw new Error(`${product.path} and ${arm64.path} have the same name, and would replace each other in REPO; nothing was sent`)
}

/** Joins like Python's os.path.join. */
const joined = (base: string, name: string): string => (base === '' || base.endsWith('/') ? base + name : `${base}/${name}`)

function urlsOf(url: string, urlArm64: string): { urls?: string } {
  const names = [
    ...(url ? [['x86_64', url] as const, ['amd64', url] as const] : []),
    ...(urlArm64 ? [['arm64', urlArm64] as const, ['aarch64', urlArm64] as const] : [])
  ]
  return names.length === 0 ? {} : { urls: pythonObject(names.map(([name, value]) => [name, pythonString(value)])) }
}

async function registerAt(mozartUrl: string, fields: Record<string, string>, trust: Trust): Promise<void> {
  const endpoint = joined(mozartUrl, 'container/add')
  if (!/^https?:\/\//i.test(mozartUrl)) throw new Error(`mozart_url is ${JSON.stringify(mozartUrl)}; expected an http:// or https:// URL`)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await send(endpoint, { method: 'POST', headers, body: new URLSearchParams(fields).toString(), trust })
  if (answer.status >= 300) throw refusal(`POST ${endpoint}`, { ...answer, text: messageIn(answer.text) })
}

/** Returns the message of Mozart's envelope, or the text where it is none. */
function messageIn(text: string): string {
  const message = asFields(parsedJson(text))?.['message']
  return typeof message === 'string' && message !== '' ? message : text
}
