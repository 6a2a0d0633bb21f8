/** What the address of a page may say was done a moment ago. The words are here, so that no link can put others on a page. */
const words = {
  removed: 'It was removed. The history can bring it back.',
  'image-removed': 'The image was taken away. The history can bring it back.',
  verified: 'The bytes were read. What they prove stands below.',
  relabelled: 'It is registered as what its bytes are for.',
  expected: 'These architectures are expected now.',
  restored: 'It is registered again as it was.',
  promoted: 'The channel was moved.',
  brought: 'The tarball was stored, read and registered.',
  waits: 'The tarball was stored and read. It is published with the others.',
  unchanged: 'It was so already: nothing was changed.',
  'signed-in': 'You are signed in, until the browser is closed.'
} as const

export type Done = keyof typeof words

/** Returns undefined for anything else. */
export const doneWords = (done: string | undefined): string | undefined =>
  done !== undefined && Object.hasOwn(words, done) ? words[done as Done] : undefined
