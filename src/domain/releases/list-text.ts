import { repositoryOf } from '../image/storage.ts'
import { quotedYaml } from './yaml-text.ts'

/** The forms in which a list of images is written. */
export type ListFormat = 'names' | 'yaml' | 'json'

/** Enough that a list of a million images is sent in pieces, and a short one at once. */
const pieceSize = 1000

/** Writes a list of images in pieces, so that nobody holds its whole text. */
export function* listText(names: readonly string[], format: ListFormat): Generator<string> {
  if (format === 'yaml') yield `container_images:${names.length === 0 ? ' []' : ''}\n`
  if (format === 'json') yield '{"images": ['
  for (let at = 0; at < names.length; at += pieceSize) {
    const piece = names.slice(at, at + pieceSize)
    if (format === 'names') yield piece.map((name) => `${name}\n`).join('')
    else if (format === 'yaml') yield piece.map((name) => `- imagename: ${quotedYaml(name)}\n`).join('')
    else yield `${at === 0 ? '' : ',\n'}${piece.map((name) => JSON.stringify(listedImage(name))).join(',\n')}`
  }
  if (format === 'json') yield ']}\n'
}

const listedImage = (id: string) => {
  const repository = repositoryOf(id)
  return { imagename: id, repository, tag: id.slice(repository.length + 1) || null }
}
