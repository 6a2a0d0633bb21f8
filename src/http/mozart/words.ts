import { pythonString } from '../../domain/json/json.ts'

/** The version in the path; v0.1 for paths without one. */
export type Version = 'v0.1' | 'v0.2'

export type DocumentKind = 'container' | 'job_spec' | 'hysds_io'

/** Mozart's messages, byte for byte, with its mistakes ("job_spec deleted" for a container): scripts may compare them. */
export interface Words {
  added(id: string): string
  found(id: string): string
  /** Of info. */
  unknown(id: string): string
  /** Of info. */
  noId: string
  /** Of add. */
  missing: string
  removed(id: string): string
  /** The `result` of a removal as JSON; v0.1 has none. */
  removedResult(id: string): string | undefined
  removeUnknown(id: string): string
  removeNoId: string
}

const container: Words = {
  added: (id) => `${id} added to index containers`,
  found: () => '',
  unknown: () => '',
  noId: 'id must be supplied',
  missing: 'Parameters (name, url, version, digest) must be supplied',
  removed: (id) => `job_spec deleted: ${id}`,
  removedResult: () => undefined,
  removeUnknown: (id) => `container not found: ${id}`,
  removeNoId: 'id must be supplied'
}

const jobSpec: Words = {
  added: (id) => `job_spec ${id} added to index hysds_ios-mozart`,
  found: (id) => `job spec for ${id}`,
  unknown: (id) => `Failed to retrieve job_spec: ${id}`,
  noId: 'missing parameter: id',
  missing: 'spec object missing',
  removed: (id) => `job spec removed: ${id}`,
  removedResult: () => undefined,
  removeUnknown: (id) => `job_spec not found: ${id}`,
  removeNoId: 'id parameter not included'
}

const hysdsIo: Words = {
  added: (id) => `${id} added to index hysds_ios-mozart`,
  found: () => '',
  unknown: (id) => `hysds io not found: ${id}`,
  noId: 'missing parameter: id',
  missing: 'spec object missing',
  removed: (id) => `deleted hysds_io: ${id}`,
  removedResult: () => undefined,
  removeUnknown: (id) => `hysds io not found: ${id}`,
  removeNoId: 'id parameter not included'
}

export const words: Record<Version, Record<DocumentKind, Words>> = {
  'v0.1': { container, job_spec: jobSpec, hysds_io: hysdsIo },
  'v0.2': {
    container: { ...container, unknown: (id) => `container not found: ${id}`, removedResult: pythonString },
    job_spec: { ...jobSpec, removed: () => '', removedResult: () => 'null' },
    hysds_io: { ...hysdsIo, unknown: () => '', removedResult: () => 'null' }
  }
}
