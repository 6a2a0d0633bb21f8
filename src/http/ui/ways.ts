import type { Architecture } from '../../domain/architecture.ts'
import type { PageFrame } from './page-route.ts'

/* The addresses of pages, relative to the root of this server. */

type Root = Pick<PageFrame, 'root'>

export const catalogueWay = ({ root }: Root): string => `${root}ui/`

export const containerWay = (id: string, { root }: Root): string => `${root}ui/containers/${encodeURIComponent(id)}`

/** A slash in an architecture is a dash in a path. */
export const imageWay = ({ id, architecture }: { id: string; architecture: Architecture | string }, root: Root): string =>
  `${containerWay(id, root)}/images/${encodeURIComponent(architecture.replace('/', '-'))}`

export const historyWay = (id: string, root: Root): string => `${containerWay(id, root)}/history`

export const channelWay = (channel: string, { root }: Root): string => `${root}ui/channels/${encodeURIComponent(channel)}`

export const releaseWay = (name: string, { root }: Root): string => `${root}ui/releases/${encodeURIComponent(name)}`
