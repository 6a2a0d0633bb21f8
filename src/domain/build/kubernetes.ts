import { type Architecture, uniqueInTableOrder } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'

/** A value of a manifest, in YAML or JSON. */
export type Manifest = string | number | boolean | readonly Manifest[] | { readonly [name: string]: Manifest }

const dnsLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Returns a name that Kubernetes accepts for a job or a namespace (a DNS-1123 label). Throws parameter_invalid. */
export function checkDnsLabel(name: string, what: string): string {
  if (dnsLabel.test(name)) return name
  const message = `${what} is ${JSON.stringify(name.slice(0, 100))}; expected a DNS-1123 label: 1 to 63 of a-z, 0-9 and "-", beginning and ending with a letter or digit`
  throw new CatalogueError('parameter_invalid', message)
}

/** Makes such a name of any text: characters that Kubernetes does not accept become "-". */
export function toDnsLabel(text: string, maxLength = 63): string {
  const label = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, maxLength)
  return label.replace(/^-+|-+$/g, '') || 'x'
}

/** Writes YAML in blocks. Strings are quoted as in JSON, which YAML reads alike, so that no value is read as another type. */
export function toYaml(value: Manifest, indent = ''): string {
  if (typeof value !== 'object') return ` ${scalar(value)}\n`
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []\n'
    return `\n${value.map((item) => `${indent}-${typeof item === 'object' ? toYaml(item, inner).replace(/^\n\s*/, ' ') : toYaml(item)}`).join('')}`
  }
  const members = Object.entries(value)
  if (members.length === 0) return ' {}\n'
  return `\n${members.map(([name, item]) => `${indent}${key(name)}:${toYaml(item, Array.isArray(item) ? indent : inner)}`).join('')}`
}

/** Writes several manifests as one file. */
export const toYamlDocuments = (manifests: readonly Manifest[]): string => manifests.map((one) => toYaml(one).slice(1)).join('---\n')

const key = (name: string) =>
  /^[A-Za-z][A-Za-z0-9_./-]*$/.test(name) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(name) ? name : scalar(name)

// NEL, LS and PS break lines in YAML 1.1, and JSON leaves them as they are
const scalar = (value: string | number | boolean) =>
  JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
  )

interface ConfigMapOptions {
  architectures: Iterable<Architecture>
  name?: string | undefined
  namespace?: string | undefined
}

/** Throws parameter_invalid. */
function configMap({ name, namespace }: { name: string; namespace: string | undefined }, data: { [key: string]: string }): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: checkDnsLabel(name, 'the name of the ConfigMap'),
      ...(namespace === undefined ? {} : { namespace: checkDnsLabel(namespace, 'the namespace') }),
      labels: { 'app.kubernetes.io/managed-by': 'leporello' }
    },
    data
  }
}

/**
 * Returns the expected architectures for jobs to read: with `envFrom` as variables, or mounted as files. `ARCHITECTURES` is for a shell's `for`,
 * `ARCHITECTURES_JSON` for `fromJSON` and `readJSON`. The default name is made of the container's id. Throws parameter_invalid.
 */
export function expectedConfigMap({ container, architectures, ...options }: ConfigMapOptions & { container: string }): Manifest {
  const { name = toDnsLabel(`${container}-architectures`), namespace } = options
  const list = uniqueInTableOrder(architectures)
  const lists = { ARCHITECTURES: list.join(' '), ARCHITECTURES_JSON: JSON.stringify(list), ARCHITECTURE_COUNT: String(list.length) }
  return configMap({ name, namespace }, { CONTAINER: container, ...lists })
}

/** Returns what a server expects of every container, for its `envFrom`. Throws parameter_invalid. */
export const defaultConfigMap = ({ name = 'leporello-expected', namespace, architectures }: ConfigMapOptions): Manifest =>
  configMap({ name, namespace }, { LEPORELLO_EXPECTED: uniqueInTableOrder(architectures).join(',') })
