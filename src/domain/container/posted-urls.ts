import type { ContainerPatch, ImageRegistration } from '../../schemas.ts'
import { CatalogueError } from '../errors.ts'
import { isMasked } from '../secrets.ts'
import type { ParsedRegistration } from './container.ts'
import type { ContainerGiven, Edit } from './container-edit.ts'

export interface Warning {
  code: 'credentials_removed'
  message: string
}

export interface PostedUrls {
  /** The addresses under which clients reach this server. */
  addresses: readonly string[]
  /** Called for each value that is registered in another form than it was sent. */
  warn?: ((warning: Warning) => void) | undefined
}

/** Returns a registration with the URLs that may be registered. Throws parameter_invalid. */
export function checkedRegistration(registration: ParsedRegistration, posted: PostedUrls): ParsedRegistration {
  const { text, ...fields } = registration
  const url = registrable(registration.url, { ...posted, shown: 'url' })
  const names = new Map([...fields.names].map(([name, value]) => [name, registrable(value, { ...posted, shown: inUrls(name) })]))
  const asTheyCame = [...names].every(([name, value]) => fields.names.get(name) === value)
  return { ...fields, url, names, ...(text !== undefined && asTheyCame && { text }) }
}

/** Returns an edit with the URLs that may be registered. Throws parameter_invalid. */
export function checkedEdit(edit: Edit, posted: PostedUrls): Edit {
  if (edit.op === 'put-image') return { ...edit, url: registrable(edit.url, { ...posted, shown: 'url' }) }
  return 'container' in edit ? ({ ...edit, container: checkedContainer(edit.container, posted) } as Edit) : edit
}

function checkedContainer(given: ContainerGiven | ContainerPatch, posted: PostedUrls): ContainerGiven | ContainerPatch {
  const checked = (image: ImageRegistration | null, shown: string): ImageRegistration | null => {
    if (image === null) return null
    if (typeof image === 'string') return registrable(image, { ...posted, shown })
    return { ...image, url: registrable(image.url, { ...posted, shown }) }
  }
  const images = Object.entries(given.images ?? {}).map(([name, image]) => [name, checked(image, `images.${name}`)])
  return {
    ...given,
    ...(given.url !== undefined && { url: registrable(given.url, { ...posted, shown: 'url' }) }),
    ...(given.images && { images: Object.fromEntries(images) })
  }
}

const inUrls = (name: string) => `urls' ${JSON.stringify(name.slice(0, 100))}`

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** Whether a URL cannot be put into a header. */
export const hasControls = (url: string): boolean => controls.test(url)

/** Returns what to say of a URL with a control character; undefined where there is none. */
export function controlIn(url: string): string | undefined {
  const control = controls.exec(url)
  if (!control) return undefined
  const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return `contains the control character U+${code} at position ${control.index}; no client can send such a URL: percent-encode it, or leave it out`
}

/** Returns a URL as it may be registered: without credentials for this server. `shown` is its name in messages. Throws parameter_invalid. */
export function registrable(url: string, { addresses, warn, shown }: PostedUrls & { shown: string }): string {
  const control = controlIn(url)
  if (control !== undefined) throw new CatalogueError('parameter_invalid', `${shown} ${control}; nothing was stored`)
  if (isMasked(url)) {
    const message = `${shown} is ${JSON.stringify(url.slice(0, 200))}: its secrets are masked with ***, so it was read in a view; send the whole URL, or change the container by a patch or a merge that leaves this image out; nothing was stored`
    throw new CatalogueError('parameter_invalid', message)
  }
  const plain = withoutOwnCredentials(url, addresses)
  if (plain !== url) {
    warn?.({
      code: 'credentials_removed',
      message: `${shown} held credentials for this server; they were left out of the record, which anybody who may read can read: clients find them in ~/.netrc`
    })
  }
  return plain
}

const address = /^(https?|davs?):\/\/(?:([^/?#]*)@)?(\[[^\]/?#@]*\]|[^/?#@:]*)(?::(\d*))?(\/[^?#]*|(?=[?#]|$))/i
/** Paths that are ours on a host that a proxy may share with others. */
const ownPaths = ['/storage/', '/api/', '/v2/']
const usualPorts = new Set(['', '80', '443'])

/** Returns undefined unless a web server has it. A proxy serves http and https alike: their ports are one. `credentials` end with `@`. */
function locate(url: string) {
  const [found, , credentials, host = '', port = '', path = ''] = address.exec(url) ?? []
  if (found === undefined) return undefined
  return {
    host: host.toLowerCase().replace(/\.$/, ''),
    port: usualPorts.has(port) ? '' : port,
    path: path.replace(/^\/+/, '/'),
    credentials: credentials === undefined ? '' : `${credentials}@`
  }
}

/** Returns a URL without the user and password that are for this server; they would let in whoever reads the record. */
function withoutOwnCredentials(url: string, addresses: readonly string[]): string {
  const there = locate(url)
  if (there === undefined || there.credentials === '') return url
  const isOurs = addresses.some((one) => {
    const own = locate(one)
    if (own === undefined || own.host !== there.host || own.port !== there.port) return false
    return ownPaths.some((path) => there.path.startsWith(`${own.path.replace(/\/+$/, '')}${path}`))
  })
  return isOurs ? url.replace(`://${there.credentials}`, '://') : url
}
