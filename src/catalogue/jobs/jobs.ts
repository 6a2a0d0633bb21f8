import type { Hash } from '../../domain/image/facts.ts'
import type { Stores } from '../../stores/document-store.ts'
import { createLeases } from './leases.ts'
import { createTaskQueue } from './task-queue.ts'

export interface JobsParts {
  stores: Pick<Stores, 'tasks' | 'leases'>
  hash: Hash
  now: () => Date
  /** How long a claimed task stays with a replica that shows no sign of life. */
  taskLeaseMs: number | undefined
}

const leaseMs = 60_000

export const createJobs = ({ stores, hash, now, taskLeaseMs = leaseMs }: JobsParts) => ({
  queue: createTaskQueue(stores.tasks, { hash, now, leaseMs: taskLeaseMs }),
  leases: createLeases(stores.leases, { now, leaseMs })
})
