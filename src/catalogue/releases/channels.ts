import type { Architecture } from '../../domain/architecture.ts'
import type { Requirement } from '../../domain/build/rules.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { pagesOf } from '../../domain/pages.ts'
import {
  type ChannelState,
  channelKey,
  checkTag,
  fromChannelDocument,
  promotionKey,
  type SetMember,
  type SetSource,
  toChannelDocument
} from '../../domain/releases/channel.ts'
import { containerOf, type PromotionPlan, planPromotion } from '../../domain/releases/promotion.ts'
import { setDiff } from '../../domain/releases/set-diff.ts'
import type { Target } from '../../domain/releases/target.ts'
import type { DocumentStore } from '../../stores/document-store.ts'
import type { SiteRules } from '../builds/site-rules.ts'
import type { BatchedEdit, Batches } from '../containers/batch.ts'
import type { BatchCommit } from '../containers/batch-commit.ts'
import { checkPrecondition, type Precondition } from '../records/changes.ts'
import type { TarballStatuses } from '../tarballs/tarball-status.ts'
import { type CandidateParts, formerCandidates, type NamedImage, readCandidates } from './candidates.ts'
import type { ImageNames } from './image-list.ts'

/** A channel as it is stored. */
export interface StoredChannel extends ChannelState {
  revision: string
}

export interface PromotionRequest {
  channel: string
  /** The images; or where they come from. */
  set?: readonly string[] | undefined
  from?: SetSource | undefined
  to?: Partial<Target> | undefined
  require: readonly Requirement[]
  keep: boolean
  publicUrl: string
  cause: Cause
  precondition?: Precondition | undefined
  dryRun?: boolean | undefined
  /** Hears of every id that is going to be changed. Throws where the client may not. */
  permit(ids: readonly string[]): void
}

export interface Promoted {
  before: StoredChannel | undefined
  after: StoredChannel
  /** The ids of records that were written or removed. */
  written: string[]
  removed: string[]
}

/** Tags that are moved for whole sets of images at once. */
export interface Channels {
  list(): Promise<StoredChannel[]>
  /** Throws channel_unknown. */
  read(channel: string): Promise<StoredChannel>
  /** Throws channel_unknown, promotion_unknown. */
  promotion(channel: string, number: number): Promise<ChannelState>
  /** Returns the promotions of a channel before a number, the newest first. Throws channel_unknown. */
  history(channel: string, options: { before?: number | undefined; limit: number }): Promise<ChannelState[]>
  /**
   * Moves a channel to another set, all of it or nothing. Throws promotion_refused with every reason, precondition_failed, revision_conflict
   * where another promotion was first, channel_unknown, release_unknown.
   */
  promote(request: PromotionRequest): Promise<Promoted>
  /** Removes a channel with its tags; its history stays. */
  remove(request: Omit<PromotionRequest, 'set' | 'from' | 'to' | 'require'>): Promise<Promoted>
}

export interface ChannelsParts extends CandidateParts {
  store: DocumentStore
  batches: Pick<Batches, 'all'>
  imageNames: ImageNames
  siteRules: Pick<SiteRules, 'requiredOf'>
  /** Returns the set of a frozen release. Throws release_unknown. */
  releaseSet(name: string): Promise<readonly SetMember[]>
  /** Absent where there is no store for tarballs. */
  statuses: TarballStatuses | undefined
  now: () => Date
}

/** The most images of one channel. */
const maxSet = 2000
/** Promotions that a channel remembers. */
const maxPromotions = 200

export function createChannels(parts: ChannelsParts): Channels {
  return {
    list: () => list(parts),
    read: (channel) => read(parts, channel),
    promotion: (channel, number) => promotion(parts, { channel, number }),
    async history(channel, { before = Number.POSITIVE_INFINITY, limit }) {
      const current = await find(parts, channel)
      if (!current) throw unknownChannel(channel)
      const newest = Math.min(current.number, before - 1)
      const numbers = Array.from({ length: Math.max(0, Math.min(limit, newest)) }, (_, i) => newest - i)
      const stored = await parts.store.getMany(numbers.map((number) => promotionKey(channel, number)))
      return stored.flatMap((one) => (one ? [fromChannelDocument(one.document)] : []))
    },
    promote: (request) => promote(parts, request),
    async remove(request) {
      const before = await read(parts, request.channel)
      checkChannel(before, request)
      const ids = request.keep ? [] : before.set.map(({ id }) => id)
      const plan = { set: [], written: [], removed: ids }
      return carryOut(parts, { request: { ...request, require: [] }, before, plan, from: {}, tag: before.tag, unchanged: [] })
    }
  }
}

async function find({ store }: ChannelsParts, channel: string): Promise<StoredChannel | undefined> {
  const stored = await store.get(channelKey(channel))
  return stored && { ...fromChannelDocument(stored.document), revision: stored.revision }
}

async function read(parts: ChannelsParts, channel: string): Promise<StoredChannel> {
  const stored = await find(parts, channel)
  if (stored && !stored.removed) return stored
  throw unknownChannel(channel)
}

const unknownChannel = (channel: string) =>
  new CatalogueError('channel_unknown', `there is no channel ${channel}; GET /api/v1/channels lists those that there are`)

async function promotion({ store }: ChannelsParts, { channel, number }: { channel: string; number: number }): Promise<ChannelState> {
  const current = await find({ store } as ChannelsParts, channel)
  if (!current) throw unknownChannel(channel)
  const stored = number <= current.number ? await store.get(promotionKey(channel, number)) : undefined
  if (stored) return fromChannelDocument(stored.document)
  const message = `the channel ${channel} remembers no promotion ${number}; its last one is ${current.number}, and it remembers ${maxPromotions}`
  throw new CatalogueError('promotion_unknown', message)
}

async function list({ store }: ChannelsParts): Promise<StoredChannel[]> {
  const channels: StoredChannel[] = []
  const query = { where: [{ field: 'id', glob: 'channel:*' }], fresh: 'own' as const, limit: 20 }
  for await (const { items } of pagesOf(store.list, query)) {
    for (const { document, revision } of items) channels.push({ ...fromChannelDocument(document), revision })
  }
  return channels.filter(({ removed }) => !removed).sort((a, b) => (a.channel < b.channel ? -1 : 1))
}

function checkChannel(
  before: StoredChannel | undefined,
  { channel, precondition }: Pick<PromotionRequest, 'channel' | 'precondition'>
): void {
  checkPrecondition(`the channel ${channel}`, { before: before && !before.removed ? (before as never) : undefined, precondition })
}

async function promote(parts: ChannelsParts, request: PromotionRequest): Promise<Promoted> {
  const { channel, from = {}, to = {}, require, keep } = request
  const before = await find(parts, channel)
  const tag = to.tag ?? before?.tag ?? channel
  checkTag('to.tag', tag)
  checkChannel(before, request)
  const { candidates, unchanged, former } = await candidatesOf(parts, request)
  // what an image is now says nothing of what it was
  const requiredOf = former ? undefined : parts.siteRules.requiredOf
  const current = before && !before.removed ? before.set : []
  const plan = planPromotion({ candidates, require, requiredOf, target: { ...to, tag }, before: current, keep })
  if ('reasons' in plan) throw refusal(channel, plan.reasons)
  return carryOut(parts, { request, before, plan, from, tag, unchanged })
}

function refusal(channel: string, reasons: readonly { path: string; message: string }[]): CatalogueError {
  const more = reasons.length > 1 ? `; and ${reasons.length - 1} more reasons` : ''
  const message = `${channel} is not moved, and nothing was changed: ${reasons[0]!.message}${more}`
  return new CatalogueError('promotion_refused', message, { details: { errors: reasons } })
}

interface Candidates {
  /** Whether they are images of an earlier time. */
  former: boolean
  candidates: Awaited<ReturnType<typeof readCandidates>>
  /** The channel that they come from, as it was read. */
  unchanged: BatchCommit['unchanged']
}

async function candidatesOf(parts: ChannelsParts, { channel, set, from = {}, require, publicUrl }: PromotionRequest): Promise<Candidates> {
  const former = await formerSet(parts, { channel, from })
  if (former) {
    if (require.length > 0) refuseRequire()
    return { candidates: await formerCandidates({ set: former, statuses: parts.statuses, publicUrl }), unchanged: [], former: true }
  }
  const unchanged: BatchCommit['unchanged'] = []
  let named: NamedImage[]
  if (from.channel !== undefined) {
    const source = await read(parts, from.channel)
    unchanged.push({ id: channelKey(source.channel), revision: source.revision })
    named = source.set.map((was) => ({ id: was.id, origin: was.origin, was }))
  } else {
    const ids = set ?? (await parts.imageNames.ids({ tag: from.tag }))
    named = ids.map((id) => ({ id, origin: id }))
  }
  if (named.length > maxSet) {
    throw new CatalogueError('too_large', `the set has ${named.length} images; at most ${maxSet} can be moved at once`)
  }
  return { candidates: await readCandidates(parts, named), unchanged, former: false }
}

/** Returns a set as it was kept; undefined where the request names another source. */
async function formerSet(parts: ChannelsParts, { channel, from }: { channel: string; from: SetSource }) {
  if (from.promotion !== undefined) return (await promotion(parts, { channel, number: from.promotion })).set
  return from.release === undefined ? undefined : parts.releaseSet(from.release)
}

function refuseRequire(): never {
  const message = 'require is for images as they are now; a release or an earlier set is promoted as it was: leave require out'
  throw new CatalogueError('parameter_invalid', message)
}

interface PlannedPromotion {
  request: Omit<PromotionRequest, 'set' | 'from' | 'to'>
  before: StoredChannel | undefined
  plan: Exclude<PromotionPlan, { reasons: unknown }>
  from: SetSource
  tag: string
  unchanged: BatchCommit['unchanged']
}

async function carryOut(parts: ChannelsParts, planned: PlannedPromotion): Promise<Promoted> {
  const { batches, now } = parts
  const { request, before, plan, from, tag, unchanged } = planned
  const { channel, cause, publicUrl, dryRun = false, require } = request
  const number = (before?.number ?? 0) + 1
  const state: ChannelState = {
    ...{ channel, number, at: now().toISOString(), by: cause, from, require, tag },
    ...{ removed: plan.set.length === 0, set: plan.set }
  }
  const changed = [...plan.written.map(({ id }) => id), ...plan.removed]
  request.permit(changed)
  const commit: BatchCommit = {
    entry: { id: promotionKey(channel, number), document: toChannelDocument(state, promotionKey(channel, number)) },
    decisive: { id: channelKey(channel), document: toChannelDocument(state, channelKey(channel)), expected: before?.revision ?? null },
    unchanged: unchanged.filter(({ id }) => id !== channelKey(channel)),
    copies: plan.written.map(copyOf),
    outdated: number > maxPromotions ? [promotionKey(channel, number - maxPromotions)] : []
  }
  const batch = { items: editsOf(plan), publicUrl, cause, force: true }
  const isSame = before !== undefined && before.removed === state.removed && setDiff(before.set, state.set).length === 0
  if (isSame && (await batches.all({ ...batch, dryRun: true })).every((one) => 'changed' in one && one.changed.unchanged)) {
    return { before, after: before, written: [], removed: [] }
  }
  const outcomes = await batches.all({ ...batch, dryRun, commit })
  const written = outcomes.flatMap((one) => ('changed' in one && !one.changed.unchanged && one.changed.after ? [one.id] : []))
  const removed = outcomes.flatMap((one) => ('changed' in one && one.changed.before && !one.changed.after ? [one.id] : []))
  return {
    before,
    after: (dryRun ? undefined : await find(parts, channel)) ?? { ...state, revision: before?.revision ?? '' },
    written,
    removed
  }
}

const editsOf = ({ written, removed }: PlannedPromotion['plan']): BatchedEdit[] => [
  ...written.map((member) => ({ id: member.id, edit: { op: 'put' as const, container: containerOf(member) } })),
  ...removed.map((id) => ({ id, edit: { op: 'delete' as const, mayBeAbsent: true as const } }))
]

const copyOf = ({ id, from, origin, digest, named, images }: SetMember): BatchCommit['copies'][number] => ({
  from: [...new Set([from, origin])].filter((one) => one !== id),
  to: id,
  digest,
  images: Object.entries(images).map(([architecture, { url }]) => [named ? (architecture as Architecture) : '', url])
})
