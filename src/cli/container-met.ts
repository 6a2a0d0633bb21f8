import { basename, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { pythonObject, pythonString } from '../domain/json.ts'
import { maskSecrets } from '../domain/secrets.ts'
import { type Command, complain, exit, say } from './command.ts'
import { describeFile, refusal, upload } from './destinations.ts'
import { send, unreachable } from './http-client.ts'
import { withConfig } from './start.ts'

export const containerMet: Command = {
  usage: 'container-met IDENT VERSION PRODUCT REPO DIGEST MOZART_URL [PRODUCT_ARM64]',
  description: `Does what container-builder's container-met.py does, without Python: uploads a tarball to the place that REPO names, under its own
name, and registers the container with the Mozart at MOZART_URL (this or another one). PRODUCT is the x86_64 tarball, or '' for none.

REPO is a path, s3://bucket/prefix, osaka's s3://s3-us-west-2.amazonaws.com/bucket/prefix, s3://key:secret@host:port/bucket/prefix,
dav://, davs://, http:// or https:// (by PUT). S3 keys come from the environment (AWS_ACCESS_KEY_ID and so on); LEPORELLO_S3_ENDPOINT names
an S3 server that is not Amazon's. Certificates are not checked.

Exit status: 0 registered, 1 refused, 69 a server not reachable, 255 too few arguments.`,
  options: {},
  examples: [
    {
      command:
        'leporello container-met container-hello:v1 v1 hello-v1.tar.gz dav://127.0.0.1:8888/storage sha256:0 http://127.0.0.1:8888/api/v0.1',
      does: 'upload a tarball to Leporello, and register it there'
    }
  ],
  maxPositionals: 7,
  run: async ({ positionals }) => {
    if (positionals.length < 6) {
      complain('[ERROR] Metadata requires: ident version product repo digest mozart_url [product_arm64]')
      return 255
    }
    return withConfig((config) => run(positionals, config))
  }
}

async function run([ident, version, product, repo, digest, mozartUrl, productArm64]: string[], config: Config): Promise<number> {
  try {
    const url = product ? await place(product, { repo: repo!, config }) : ''
    const urlArm64 = productArm64 ? await place(productArm64, { repo: repo!, config }) : ''
    await register({ name: ident!, version: version!, url, resource: 'container', digest: digest!, ...urlsOf(url, urlArm64) }, mozartUrl!)
    return exit.done
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    complain(`[ERROR] ${maskSecrets(message)}`)
    return code === unreachable ? exit.unreachable : exit.wrong
  }
}

/** Where it now stands, as it will be registered: with whatever the builder put into REPO. */
async function place(product: string, { repo, config }: { repo: string; config: Config }): Promise<string> {
  const url = joined(repo, basename(product))
  const file = await describeFile(resolve(product))
  await upload(file, url, config)
  say(`${maskSecrets(url)}: ${file.size} bytes, sha256:${file.sha256}`)
  return url
}

/** As Python's os.path.join. */
const joined = (base: string, name: string): string => (base === '' || base.endsWith('/') ? base + name : `${base}/${name}`)

function urlsOf(url: string, urlArm64: string): { urls?: string } {
  const names = [
    ...(url ? [['x86_64', url] as const, ['amd64', url] as const] : []),
    ...(urlArm64 ? [['arm64', urlArm64] as const, ['aarch64', urlArm64] as const] : [])
  ]
  return names.length === 0 ? {} : { urls: pythonObject(names.map(([name, value]) => [name, pythonString(value)])) }
}

async function register(fields: Record<string, string>, mozartUrl: string): Promise<void> {
  const endpoint = joined(mozartUrl, 'container/add')
  if (!/^https?:\/\//i.test(mozartUrl)) throw new Error(`mozart_url is ${JSON.stringify(mozartUrl)}; expected an http:// or https:// URL`)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await send(endpoint, { method: 'POST', headers, body: new URLSearchParams(fields).toString() })
  if (answer.status >= 300) throw refusal(`POST ${endpoint}`, { ...answer, text: messageIn(answer.text) })
  say(`${fields['name']} is registered at ${maskSecrets(mozartUrl)}`)
}

/** Mozart's own words, when it says them in its envelope. */
function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text)
    return typeof message === 'string' && message !== '' ? message : text
  } catch {
    return text
  }
}
