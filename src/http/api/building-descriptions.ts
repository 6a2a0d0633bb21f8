import { type Description, json, yaml } from '../shared/describes.ts'
import { problem, refusals } from './container-descriptions.ts'

const tags = ['assembly']
const id = { $ref: 'id-parameter.json#' }
const image = { $ref: 'image-parameters.json#' }
const headers = { $ref: 'change-headers.json#' }
const dryRun = { $ref: 'dry-run-query.json#' }
const { 400: invalid, 503: away } = refusals

const container = 'container-hello:v1'
const expectation = {
  container,
  architectures: ['amd64', 'arm64'],
  from: 'rule',
  pattern: 'container-*',
  since: null,
  by: null,
  revision: null
}
const configMap = `apiVersion: "v1"
kind: "ConfigMap"
metadata:
  name: "container-hello-v1-architectures"
  labels:
    app.kubernetes.io/managed-by: "leporello"
data:
  CONTAINER: "container-hello:v1"
  ARCHITECTURES: "amd64 arm64"
  ARCHITECTURES_JSON: "[\\"amd64\\",\\"arm64\\"]"
  ARCHITECTURE_COUNT: "2"
`
const job = {
  container,
  architecture: 'arm64',
  status: 'failed',
  reason: 'no wheel of rasterio for aarch64',
  log: 'https://ci.example.org/job/17/console',
  source: { commit: '9c0e1f2' },
  machine: { name: 'graviton-3', architecture: 'arm64', emulated: false },
  started: '2026-01-02T03:00:00.000Z',
  finished: '2026-01-02T03:04:05.000Z',
  reported: '2026-01-02T03:04:06.000Z',
  begun: '2026-01-02T03:00:01.000Z',
  image: null,
  emulated: false,
  stale: false
}

const of = (kind: 'build' | 'test') => ({
  list: {
    summary: `How the ${kind}s of a container stand`,
    tags,
    params: id,
    response: {
      200: { description: 'One an architecture.', content: json('job-list.json#', { container, items: [job] }) },
      400: invalid,
      404: problem('There is no such container, and nobody has said anything of it.'),
      503: away
    }
  },
  one: {
    summary: `How the ${kind} of one architecture stands`,
    tags,
    params: image,
    response: {
      200: { description: 'The newest word of it.', content: json('job.json#', job) },
      400: invalid,
      404: problem('Nobody has reported one: `available` names the architectures of those that were.'),
      503: away
    }
  },
  report: {
    summary: `Report the ${kind} of one architecture`,
    description: `The newest word counts: one that failed makes the container degraded, until a later one succeeded or an image came since. One that is said to run and falls silent is stale after a while: repeat the word as a sign of life. A ${kind} may be reported before its container exists.`,
    tags,
    params: image,
    headers,
    querystring: dryRun,
    consumes: ['application/json'],
    body: { $ref: 'job-put.json#' },
    response: {
      200: { description: 'It is kept.', content: json('job-answer.json#', { ...job, unchanged: false }) },
      201: {
        description: 'It is kept; nothing was said of this architecture before.',
        content: json('job-answer.json#', { ...job, unchanged: false })
      },
      ...refusals
    }
  }
})

const [builds, tests] = [of('build'), of('test')]

export const buildingDescriptions = {
  expected: {
    summary: 'The architectures that a container shall have',
    description:
      'As was said of this container, else as the first rule says whose pattern fits its id, else as the server expects of all. It may be asked of a container that does not exist yet.',
    tags,
    params: id,
    querystring: { $ref: 'expected-query.json#' },
    response: {
      200: {
        description: 'Those, and who says so.',
        content: { ...json('expected-view.json#', expectation), ...yaml(configMap) }
      },
      400: invalid,
      503: away
    }
  },
  expect: {
    summary: 'Say which architectures a container shall have',
    description:
      'A list of names; or what `kubectl get nodes -o json` (or `oc`) prints: then a cluster that could be mixed but is not expects one. A container with images for all of them is complete.',
    tags,
    params: id,
    headers,
    querystring: dryRun,
    consumes: ['application/json', 'text/plain'],
    body: { $ref: 'expected-put.json#' },
    response: {
      200: {
        description: 'Those are expected.',
        content: json('expected-answer.json#', {
          ...expectation,
          from: 'container',
          pattern: null,
          since: job.reported,
          by: 'curl/8.5.0',
          unchanged: false
        })
      },
      ...refusals
    }
  },
  withdraw: {
    summary: 'Leave it to rules and the server again',
    tags,
    params: id,
    headers,
    querystring: dryRun,
    response: {
      200: { description: 'What is expected now.', content: json('expected-answer.json#', { ...expectation, unchanged: false }) },
      ...refusals
    }
  },
  builds: builds.list,
  build: builds.one,
  buildReport: builds.report,
  tests: tests.list,
  test: tests.one,
  testReport: tests.report
} satisfies Record<string, Description>
