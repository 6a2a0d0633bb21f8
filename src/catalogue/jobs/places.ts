import { CatalogueError, type ErrorCode } from '../../domain/errors.ts'

export type Places = ReturnType<typeof createPlaces>

export interface PlacesOptions {
  most: number
  /** For messages: what holds them, such as `event streams`. */
  what: string
  /** What a client can do instead of waiting for a place. */
  instead: string
  code: ErrorCode
}

/** Returns why a client that has its `own` places may not take another one; undefined when it may. */
export function placeRefusal(
  { most, what, instead, code }: PlacesOptions,
  { taken, own, client }: { taken: number; own: number; client: string | undefined }
): CatalogueError | undefined {
  const refuse = (refusal: ErrorCode, why: string) => new CatalogueError(refusal, `${why}; ${instead}, or try again later`)
  if (taken >= most) return refuse(code, `there are ${most} ${what} already, and no more may be`)
  // a client that takes all it can leaves three quarters to others
  const share = Math.ceil(most / 4)
  if (own < share) return undefined
  return refuse('share_exceeded', `${client} has ${share} of the ${most} ${what}, the most that one client may have`)
}

/** Places that clients hold for a while: a bounded number in all, and a bounded share for each client. */
export function createPlaces(options: PlacesOptions) {
  const held = new Map<string, number>()
  let [taken, refused] = [0, 0]

  return {
    /**
     * Takes a place, of the client's share where there is a client. Returns the function that gives it back; calling that again does nothing.
     * Throws share_exceeded, or the error named by `code` when all places are taken.
     */
    take(client: string | undefined): () => void {
      const own = client === undefined ? 0 : (held.get(client) ?? 0)
      const refusal = placeRefusal(options, { taken, own, client })
      if (refusal) {
        refused++
        throw refusal
      }
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
