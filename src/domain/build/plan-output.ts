import type { PlanAnswer } from '../../schemas.ts'
import type { Architecture } from '../architecture.ts'
import { CatalogueError } from '../errors.ts'
import type { Hash } from '../image/facts.ts'
import { maskSecrets } from '../secrets.ts'
import { checkDnsLabel, type Manifest, toDnsLabel } from './kubernetes.ts'
import type { Plan, Step } from './plan.ts'

const toBuild = (steps: readonly Step[]): Architecture[] =>
  steps.flatMap(({ action, architecture }) => (action === 'build' ? [architecture] : []))

export function planAnswer({ container, steps, warnings }: Plan): PlanAnswer {
  const build = toBuild(steps)
  const reuse = steps.flatMap(({ action, architecture }) => (action === 'reuse' ? [architecture] : []))
  return { container, build, reuse, steps, warnings }
}

/** Returns an axis for a declarative Jenkins matrix; only a comment where there is nothing to build, as an axis needs values. */
export function jenkinsAxis(container: string, steps: readonly Step[]): string {
  const values = toBuild(steps).map(groovyString)
  // a line break would end the comment, and Groovy reads \u000a as one
  const remark = container.replace(/[^\x20-\x7e]|\\/g, '?')
  if (values.length === 0) return `// nothing to build for ${remark}\n`
  return `// ${remark}\naxis {\n  name 'ARCHITECTURE'\n  values ${values.join(', ')}\n}\n`
}

const groovyString = (text: string) => `'${text.replace(/[\\']/g, '\\$&').replace(/[^\x20-\x7e]/g, '?')}'`

export interface JobOptions {
  /** The image that the build runs in. */
  image: string
  /** What it runs; Kubernetes replaces `$(ARCHITECTURE)` and the other variables in it. */
  command: readonly string[]
  namespace?: string | undefined
  serviceAccount?: string | undefined
  /** The server that the job reports to, as LEPORELLO_URL. */
  url?: string | undefined
  hash: Hash
}

/**
 * Returns a Job for each architecture to build, bound to its machines by `kubernetes.io/arch`. Its name depends on what it builds from: the
 * same plan applied twice starts no job twice, and another changes none, as Kubernetes forbids. Throws parameter_invalid.
 */
export function kubernetesJobs(container: string, { steps, ...options }: JobOptions & { steps: readonly Step[] }): Manifest[] {
  const { namespace, serviceAccount } = options
  if (namespace !== undefined) checkDnsLabel(namespace, 'the namespace')
  if (serviceAccount !== undefined) checkDnsLabel(serviceAccount, 'the service account')
  return steps.filter(({ action }) => action === 'build').map((step) => jobOf(container, { step, ...options }))
}

function jobOf(container: string, { step, namespace, serviceAccount, image, command, url, hash }: JobOptions & { step: Step }): Manifest {
  const { architecture, source } = step
  const inputs = Object.entries(source).sort(([a], [b]) => (a < b ? -1 : 1))
  const mark = hash(JSON.stringify([container, architecture, inputs])).slice(0, 10)
  const name = checkDnsLabel(`build-${toDnsLabel(container, 24)}-${toDnsLabel(architecture, 20)}-${mark}`, 'the name of the job')
  const labels = { 'app.kubernetes.io/managed-by': 'leporello', 'leporello/architecture': toDnsLabel(architecture) }
  const variables = {
    CONTAINER: container,
    ARCHITECTURE: architecture,
    SOURCE: JSON.stringify(Object.fromEntries(inputs)),
    // for a shell's `for`; values with white space are in SOURCE alone
    INPUTS: inputs.flatMap(([input, value]) => (/\s/.test(value) ? [] : `${input}=${value}`)).join(' '),
    LEPORELLO_URL: url
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: { 'leporello/container': container, 'leporello/reason': maskSecrets(step.reason) }
    },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
          nodeSelector: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': kubernetesArchitecture(architecture) },
          containers: [
            {
              name: 'build',
              image,
              command,
              env: Object.entries(variables).flatMap(([variable, value]) =>
                value === undefined ? [] : [{ name: variable, value: literal(value) }]
              )
            }
          ]
        }
      }
    }
  }
}

/** Kubernetes replaces $(NAME) in a variable's value, and reads $$ as $. */
const literal = (value: string) => value.replaceAll('$', '$$$$')

/** Returns the name that the kubelet gives a machine: Go's, without variants. Throws parameter_invalid for a name that no label can hold. */
function kubernetesArchitecture(architecture: Architecture): string {
  const name = architecture.split('/')[0]!
  if (/^[a-z0-9](?:[a-z0-9_.-]{0,61}[a-z0-9])?$/.test(name)) return name
  const message = `no machine of Kubernetes can be labelled ${JSON.stringify(name)}, as ${architecture} would need`
  throw new CatalogueError('parameter_invalid', message)
}
