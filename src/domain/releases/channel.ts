import type { Requirement } from '../build/rules.ts'
import { CatalogueError } from '../errors.ts'
import type { Cause } from '../history/entry.ts'

/* A channel is a tag that moves for a whole set at once. Its document is its last promotion's; each promotion is also kept by its number. */

export interface MemberImage {
  url: string
  /** Of the image's configuration, or as a client gave it; null where neither is known. */
  digest: string | null
}

/** One image of a set. */
export interface SetMember {
  /** The id that the channel gives it, such as `nova-api:current`. */
  id: string
  /** The id that it was read from. */
  from: string
  /** The id under which it was registered first, through however many channels it came. */
  origin: string
  /** Of the record that it was read from. */
  revision: string
  version: string
  /** The record's. */
  digest: string
  /** Whether the record names architectures; else it has only a URL. */
  named: boolean
  images: { [architecture: string]: MemberImage }
}

/** Where a set came from; the ids themselves where all are absent. */
export interface SetSource {
  channel?: string
  release?: string
  tag?: string
  /** An earlier promotion of the same channel, by its number. */
  promotion?: number
}

/** What a channel is after a promotion. */
export interface ChannelState {
  channel: string
  /** 1 for the first promotion, then one more for each. */
  number: number
  at: string
  by: Cause
  from: SetSource
  require: readonly Requirement[]
  /** The tag of its ids; mostly its own name. */
  tag: string
  /** Whether the channel was removed by this promotion. */
  removed: boolean
  set: readonly SetMember[]
}

/** Throws parameter_invalid for a name that registries do not allow as a tag. */
export const checkTag = (what: string, name: string): void => checkName(name, { what, kind: 'a tag: ' })

/** Throws parameter_invalid for a name that a release cannot have. */
export const checkReleaseName = (name: string): void => checkName(name, { what: 'name', kind: '' })

function checkName(name: string, { what, kind }: { what: string; kind: string }): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name)) return
  const expected = `${kind}1 to 128 letters, digits, dots, dashes and underscores, the first none of . and -`
  throw new CatalogueError('parameter_invalid', `${what} is ${JSON.stringify(name.slice(0, 140))}; expected ${expected}`)
}

export const channelKey = (channel: string): string => `channel:${channel}`
export const promotionKey = (channel: string, number: number): string => `promotion:${channel}:${String(number).padStart(8, '0')}`

/** Returns whether a document of the releases keeps the tarballs that it names: a channel and a frozen release do, an earlier promotion and a Containerfile do not. */
export const keepsTarballs = (id: string): boolean => !/^(?:promotion|containerfile):/.test(id)

/** Returns the stored form. */
export const toChannelDocument = (state: ChannelState, id: string): string => JSON.stringify({ id, kind: id.split(':', 1)[0], ...state })

export function fromChannelDocument(document: string): ChannelState {
  const { id: _, kind: __, ...state } = JSON.parse(document) as ChannelState & { id: string; kind: string }
  return state
}
