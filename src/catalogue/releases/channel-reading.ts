import { CatalogueError } from '../../domain/errors.ts'
import { itemsOf } from '../../domain/pages.ts'
import { type ChannelState, channelKey, fromChannelDocument, promotionKey } from '../../domain/releases/channel.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** A channel as it is stored. */
export interface StoredChannel extends ChannelState {
  revision: string
}

/** Promotions that a channel remembers. */
export const maxPromotions = 200

type ChannelStore = Pick<DocumentStore, 'get' | 'getMany' | 'list'>

/** Returns a channel, also one that was removed: its history stays. */
export async function findChannel(store: ChannelStore, channel: string): Promise<StoredChannel | undefined> {
  const stored = await store.get(channelKey(channel))
  return stored && { ...fromChannelDocument(stored.document), revision: stored.revision }
}

/** Throws channel_unknown. */
export async function readChannel(store: ChannelStore, channel: string): Promise<StoredChannel> {
  const stored = await findChannel(store, channel)
  if (stored && !stored.removed) return stored
  throw unknownChannel(channel)
}

const unknownChannel = (channel: string) =>
  new CatalogueError('channel_unknown', `there is no channel ${channel}; GET /api/v1/channels lists those that there are`)

/** Throws channel_unknown, promotion_unknown. */
export async function readPromotion(store: ChannelStore, { channel, number }: { channel: string; number: number }): Promise<ChannelState> {
  const current = await findChannel(store, channel)
  if (!current) throw unknownChannel(channel)
  const stored = number <= current.number ? await store.get(promotionKey(channel, number)) : undefined
  if (stored) return fromChannelDocument(stored.document)
  const message = `the channel ${channel} remembers no promotion ${number}; its last one is ${current.number}, and it remembers ${maxPromotions}`
  throw new CatalogueError('promotion_unknown', message)
}

export async function listChannels(store: ChannelStore): Promise<StoredChannel[]> {
  const channels: StoredChannel[] = []
  const query = { where: [{ field: 'id', glob: 'channel:*' }], fresh: 'own' as const, limit: 20 }
  for await (const { document, revision } of itemsOf(store.list, query)) channels.push({ ...fromChannelDocument(document), revision })
  return channels.filter(({ removed }) => !removed).sort((a, b) => (a.channel < b.channel ? -1 : 1))
}

interface HistoryPage {
  channel: string
  /** A promotion's number. */
  before?: number | undefined
  limit: number
}

/** Throws channel_unknown. */
export async function historyOf(store: ChannelStore, page: HistoryPage): Promise<ChannelState[]> {
  const { channel, before = Number.POSITIVE_INFINITY, limit } = page
  const current = await findChannel(store, channel)
  if (!current) throw unknownChannel(channel)
  const newest = Math.min(current.number, before - 1)
  const numbers = Array.from({ length: Math.max(0, Math.min(limit, newest)) }, (_, i) => newest - i)
  const stored = await store.getMany(numbers.map((number) => promotionKey(channel, number)))
  return stored.flatMap((one) => (one ? [fromChannelDocument(one.document)] : []))
}
