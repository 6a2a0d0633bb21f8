import type { Architecture } from '../../domain/architecture.ts'
import type { Requirement } from '../../domain/build/rules.ts'
import { CatalogueError } from '../../domain/errors.ts'
import {
  type ChannelState,
  channelKey,
  checkTag,
  promotionKey,
  type SetMember,
  type SetSource,
  toChannelDocument
} from '../../domain/releases/channel.ts'
import { containerOf, type PromotionPlan, planPromotion, type Target } from '../../domain/releases/promotion.ts'
import { setDiff } from '../../domain/releases/set-diff.ts'

import type { BatchedEdit } from '../containers/batch.ts'
import type { BatchCommit } from '../containers/batch-commit.ts'
import { checkPrecondition } from '../records/changes.ts'
import type { ChangeContext } from '../records/image-records.ts'
import { formerCandidates, type NamedImage, promotionRefused, readCandidates } from './candidates.ts'
import { findChannel, historyOf, listChannels, maxPromotions, readChannel, readPromotion, type StoredChannel } from './channel-reading.ts'
import type { ImageNames } from './image-list.ts'
import type { ReleasesParts } from './parts.ts'

export interface PromotionRequest extends Omit<ChangeContext, 'warn'> {
  channel: string
  /** The images; or where they come from. */
  set?: readonly string[] | undefined
  from?: SetSource | undefined
  to?: Partial<Target> | undefined
  require: readonly Requirement[]
  keep: boolean
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

interface ChannelsParts extends ReleasesParts {
  imageNames: ImageNames
  /** Returns the set of a frozen release. Throws release_unknown. */
  releaseSet(name: string): Promise<readonly SetMember[]>
}

/** The most images of one channel. */
const maxSet = 2000

export function createChannels(parts: ChannelsParts): Channels {
  return {
    list: () => listChannels(parts.stores.releases),
    read: (channel) => readChannel(parts.stores.releases, channel),
    promotion: (channel, number) => readPromotion(parts.stores.releases, { channel, number }),
    history: (channel, page) => historyOf(parts.stores.releases, { channel, ...page }),
    promote: (request) => promote(parts, request),
    async remove(request) {
      const before = await readChannel(parts.stores.releases, request.channel)
      checkChannel(before, request)
      const ids = request.keep ? [] : before.set.map(({ id }) => id)
      const plan = { set: [], written: [], removed: ids }
      return carryOut(parts, { request: { ...request, require: [] }, before, plan, from: {}, tag: before.tag, unchanged: [] })
    }
  }
}

function checkChannel(before: StoredChannel | undefined, request: Pick<PromotionRequest, 'channel' | 'precondition'>): void {
  const { channel, precondition } = request
  checkPrecondition(`the channel ${channel}`, { before: before && !before.removed ? (before as never) : undefined, precondition })
}

async function promote(parts: ChannelsParts, request: PromotionRequest): Promise<Promoted> {
  const { channel, from = {}, to = {}, require, keep } = request
  const before = await findChannel(parts.stores.releases, channel)
  const tag = to.tag ?? before?.tag ?? channel
  checkTag('to.tag', tag)
  checkChannel(before, request)
  const { candidates, unchanged, former } = await candidatesOf(parts, request)
  // what an image is now says nothing of what it was
  const requiredOf = former ? undefined : parts.siteRules.requiredOf
  const current = before && !before.removed ? before.set : []
  const plan = planPromotion({ candidates, require, requiredOf, target: { ...to, tag }, before: current, keep })
  if ('reasons' in plan) throw promotionRefused(`${channel} is not moved, and nothing was changed`, plan.reasons)
  return carryOut(parts, { request, before, plan, from, tag, unchanged })
}

/** Returns the channel that they come from, as it was read, too, and whether they are images of an earlier time. */
async function candidatesOf(parts: ChannelsParts, { channel, set, from = {}, require, publicUrl }: PromotionRequest) {
  const former = await formerSet(parts, channel, from)
  if (former) {
    const message = 'require is for images as they are now; a release or an earlier set is promoted as it was: leave require out'
    if (require.length > 0) throw new CatalogueError('parameter_invalid', message)
    return { candidates: await formerCandidates(former, { statuses: parts.statuses, publicUrl }), unchanged: [], former: true }
  }
  const unchanged: BatchCommit['unchanged'] = []
  let named: NamedImage[]
  if (from.channel !== undefined) {
    const source = await readChannel(parts.stores.releases, from.channel)
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
async function formerSet(parts: ChannelsParts, channel: string, from: SetSource) {
  if (from.promotion !== undefined) return (await readPromotion(parts.stores.releases, { channel, number: from.promotion })).set
  return from.release === undefined ? undefined : parts.releaseSet(from.release)
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
    after: (dryRun ? undefined : await findChannel(parts.stores.releases, channel)) ?? { ...state, revision: before?.revision ?? '' },
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
