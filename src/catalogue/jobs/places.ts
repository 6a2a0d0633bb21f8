import { CatalogueError, type ErrorCode } from '../../domain/errors.ts'

/** Places that clients hold for a while: a bounded number in all, and a bounded share for each client. */
export interface Places {
  /**
   * Takes a place, and returns what gives it back, which may be called twice. Without a client no share is counted. Throws share_exceeded,
   * and the code of these places when all are taken.
   */
  take(client: string | undefined): () => void
  taken(): number
  refused(): number
}

export interface PlacesOptions {
  most: number
  /** For messages: what holds them, such as `event streams`. */
  what: string
  /** What a client can do instead of waiting for a place. */
  instead: string
  code: ErrorCode
}

/** So that one client that takes all it can leaves three quarters to others. */
export const shareOf = (most: number): number => Math.ceil(most / 4)

export function createPlaces({ most, what, instead, code }: PlacesOptions): Places {
  const held = new Map<string, number>()
  const share = shareOf(most)
  let [taken, refused] = [0, 0]

  function refuse(refusal: ErrorCode, words: string): never {
    refused++
    throw new CatalogueError(refusal, `${words}; ${instead}, or try again later`)
  }

  return {
    take(client) {
      const own = client === undefined ? 0 : (held.get(client) ?? 0)
      if (taken >= most) refuse(code, `there are ${most} ${what} already, and no more may be`)
      if (own >= share) refuse('share_exceeded', `${client} has ${own} of the ${most} ${what}, the most that one client may have`)
      taken++
      if (client !== undefined) held.set(client, own + 1)
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        taken--
        if (client === undefined) return
        const left = held.get(client)! - 1
        if (left > 0) held.set(client, left)
        else held.delete(client)
      }
    },
    taken: () => taken,
    refused: () => refused
  }
}
