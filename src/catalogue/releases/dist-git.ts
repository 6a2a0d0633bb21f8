import { containerfileKey, containerfileOf, fromContainerfileDocument } from '../../domain/build/containerfile.ts'
import { CatalogueError } from '../../domain/errors.ts'
import type { ChannelState, SetMember } from '../../domain/releases/channel.ts'
import { containerfilesOf, type FoundContainerfiles } from '../../domain/releases/dist-git.ts'
import { mapInTurns } from '../jobs/concurrency.ts'
import type { Channels } from './channels.ts'
import type { ReleasesParts } from './parts.ts'

/** The Containerfiles of a channel's images, for builders that work from files. */
export interface DistGit {
  /** Returns what a channel's set was built from: its last one, or that of a promotion. Throws channel_unknown, promotion_unknown. */
  containerfiles(channel: string, number?: number): Promise<{ state: ChannelState; images: FoundContainerfiles[] }>
  /** Returns the text of a Containerfile. Throws containerfile_unknown. */
  containerfile(digest: string): Promise<string>
}

export function createDistGit(parts: ReleasesParts, channels: Channels): DistGit {
  return {
    async containerfiles(channel, number) {
      const state = await (number === undefined ? channels.read(channel) : channels.promotion(channel, number))
      return { state, images: await mapInTurns(state.set, (member) => imageContainerfiles(parts, member)) }
    },

    async containerfile(digest) {
      const stored = await parts.stores.releases.get(containerfileKey(digest))
      if (stored) return fromContainerfileDocument(stored.document).text
      const message = `there is no Containerfile ${digest}; the digests are in GET /api/v1/channels/{channel}/containerfiles`
      throw new CatalogueError('containerfile_unknown', message)
    }
  }
}

async function imageContainerfiles({ stores, buildStatuses }: ReleasesParts, member: SetMember): Promise<FoundContainerfiles> {
  const sources = (await buildStatuses.find(member.origin))?.sources ?? new Map()
  const digests = [...new Set([...sources.values()].flatMap(({ source }) => containerfileOf(source) ?? []))]
  const found = await stores.releases.getMany(digests.map(containerfileKey))
  const stored = new Set(digests.filter((_, i) => found[i] !== undefined))
  return containerfilesOf(member, { sources, stored })
}
