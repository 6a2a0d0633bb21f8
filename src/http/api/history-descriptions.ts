import { type Description, json } from '../shared/describes.ts'
import { problem, refusals } from './container-descriptions.ts'

const tags = ['history']
const params = { $ref: 'id-parameter.json#' }
const invalid = problem('A parameter is wrong, or not known here.')
const away = problem('A store does not answer; try again.')
const missing = problem('There is no such container, nor does the history know it; or it does not know that revision.')

const entry = {
  id: '2f0c9f8e2d3f5a4b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3',
  container: 'container-hello:v1.0.0',
  kind: 'record',
  what: 'changed',
  order: '2026-01-02T03:04:05.678Z/0000000000000012w/2f0c9f8e',
  at: '2026-01-02T03:04:05.678Z',
  by: { face: 'api', address: '192.0.2.7', agent: 'curl/8.5.0', request: '4c1f7f6e-1e0a-4a57-9c6f-0d7f4c0a9f10' },
  reason: 'nightly build 42',
  architecture: 'arm64',
  summary: 'the image for arm64 was added: s3://images/hello-arm64.tar.gz',
  revision: 'Q2h5bWVz.12.1',
  previous: 'Q2h5bWVz.11.1',
  fingerprint: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  before: 'v1.0.0: amd64',
  after: 'v1.0.0: amd64, arm64'
}

const removed = {
  id: 'container-hello:v1.0.0',
  revision: 'Q2h5bWVz.12.1',
  version: 'v1.0.0',
  architectures: ['amd64', 'arm64'],
  tarballs: [
    { architecture: 'amd64', status: 'elsewhere', key: null, due: null },
    {
      architecture: 'arm64',
      status: 'present',
      key: 'containers/container-hello-v1.0.0/9f86d081884c/container-hello-v1.0.0-arm64.tar.gz',
      due: '2026-01-10T03:04:05.678Z'
    }
  ],
  removed: '2026-01-03T03:04:05.678Z',
  noticed: false,
  by: entry.by,
  reason: 'superseded by v1.1.0',
  until: '2026-02-02T03:04:05.678Z'
}

const comparison = {
  container: entry.container,
  from: entry.previous,
  to: entry.revision,
  same: false,
  summary: entry.summary,
  changes: [
    { kind: 'added', what: 'image', architecture: 'arm64', before: null, after: 's3://images/hello-arm64.tar.gz', message: entry.summary }
  ]
}

export const historyDescriptions = {
  history: {
    summary: 'What happened to a container',
    description: 'Also to one that is gone. One entry for each change of meaning, the newest first: when, who, what, before, after, why.',
    tags,
    params,
    querystring: { $ref: 'history-query.json#' },
    response: {
      200: { description: 'One page.', content: json('history-page.json#', { items: [entry], next: null, cut: null }) },
      400: invalid,
      404: missing,
      503: away
    }
  },
  entry: {
    summary: 'One entry of the history, with whole documents',
    description: 'By the revision that the change made; a removal, and what is not about the record, by the id of its entry.',
    tags,
    params: { $ref: 'history-parameters.json#' },
    response: {
      200: { description: 'The entry.', content: json('history-document.json#') },
      400: invalid,
      404: missing,
      503: away
    }
  },
  diff: {
    summary: 'What is different between two revisions',
    description: 'In what the record means: order, spacing and aliases are no difference. Secrets in URLs are masked.',
    tags,
    params,
    querystring: { $ref: 'diff-query.json#' },
    response: {
      200: { description: 'The differences.', content: json('diff-answer.json#', comparison) },
      400: invalid,
      404: missing,
      503: away
    }
  },
  restore: {
    summary: 'Register again what stood at a revision',
    description:
      'The very document, byte for byte; itself an entry of the history. It brings back a container that was removed, also one that was removed in the store itself. Tarballs of ours that are gone by now are told as warnings.',
    tags,
    params,
    headers: { $ref: 'change-headers.json#' },
    querystring: { $ref: 'dry-run-query.json#' },
    consumes: ['application/json'],
    body: { $ref: 'restore.json#' },
    response: {
      200: { description: 'It stands there, or would in a dry run.', content: json('restore-answer.json#') },
      ...refusals,
      404: missing,
      422: problem('What stood there cannot be registered any more.')
    }
  },
  deleted: {
    summary: 'Containers that were removed and can be brought back',
    description:
      'Those of the last 30 days (LEPORELLO_DELETED_KEEP) that have not come back, with who removed them and when, and whether their tarballs are still there.',
    tags,
    querystring: { $ref: 'page-query.json#' },
    response: {
      200: { description: 'One page.', content: json('deleted-page.json#', { items: [removed], next: null }) },
      400: invalid,
      503: away
    }
  }
} satisfies Record<string, Description>
