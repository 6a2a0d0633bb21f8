import type { ContainerView, ImageView } from '../../schemas.ts'
import { type Architecture, amd64, inTableOrder, namesOf } from '../architecture.ts'
import { isGuardUrl } from '../image/guard.ts'
import { type ImageUrls, imagesOf, type Names, parseNames, readImages } from '../image/urls.ts'
import { stringOf } from '../json/json.ts'
import { maskSecrets } from '../secrets.ts'
import { fromDocument } from './document.ts'

/** Something that is wrong, or worth knowing, and what to do about it. */
export interface Diagnosis {
  code: string
  /** `wrong`: some machine gets no image, or the wrong one. */
  severity: 'wrong' | 'note'
  container: string | null
  architecture: string | null
  message: string
  meaning: string
  advice: string
}

type Explanation = Pick<Diagnosis, 'message' | 'meaning' | 'advice'> & { architecture?: string | null }

export const diagnosis =
  (severity: Diagnosis['severity'], container: string | null) =>
  (code: string, { architecture = null, ...said }: Explanation): Diagnosis => ({
    code,
    severity,
    container,
    architecture,
    ...said,
    message: maskSecrets(said.message)
  })

/** What a record says of its images. */
interface RecordUrls {
  id: string
  url: string | undefined
  images: ImageUrls
}

/** Returns what HySDS's workers will stumble over in a record. */
export function recordFindings(id: string, document: string): Diagnosis[] {
  const { members, url: imageUrl } = fromDocument(id, document)
  const stored = members.get('urls')
  const text = stringOf(stored) ?? stored
  if (text === undefined || text === 'null' || text === '' || text === '{}') return [withoutUrls(id, imageUrl)]
  const names = readableNames(text)
  if (typeof names === 'string') {
    return [
      diagnosis('wrong', id)('urls_unreadable', {
        message: `urls cannot be read: ${names}`,
        meaning: 'Workers log that and take url, whatever machine they are on: "exec format error" on all but x86_64.',
        advice: 'Register the container again; Leporello refuses what it cannot read.'
      })
    ]
  }
  const record: RecordUrls = { id, url: stringOf(members.get('url')), images: readImages(stored) }
  const own = [...record.images].filter(([architecture, value]) => !isGuardUrl(value, { id, architecture }))
  return [...aliasFindings(record, names), urlFinding(record) ?? [], ...own.map((image) => imageUrlFindings(id, image))].flat()
}

function aliasFindings({ id, images }: RecordUrls, names: Names): Diagnosis[] {
  return inTableOrder(images.keys()).flatMap((architecture) => {
    const all = namesOf(architecture)
    const missing = all.filter((name) => !names.has(name))
    if (missing.length === 0) return []
    return diagnosis('wrong', id)('aliases_incomplete', {
      architecture,
      message: `urls has no ${missing.join(', ')} beside ${all.filter((name) => names.has(name)).join(', ')}`,
      meaning: `A worker looks up what its machine calls itself and nothing else; where that is ${missing.join(' or ')}, it takes url.`,
      advice: 'Register this image again through Leporello, which writes every name.'
    })
  })
}

function urlFinding({ id, url, images }: RecordUrls): Diagnosis | undefined {
  const [wrong, note] = [diagnosis('wrong', id), diagnosis('note', id)]
  const own = images.get(amd64)
  if (url === undefined || url === '') {
    return wrong('url_missing', {
      message: 'url is empty',
      meaning: 'An old x86_64 worker loads its own cache folder, or pulls the name from a public hub.',
      advice: 'Register the container again through Leporello, which writes url.'
    })
  }
  const others = [...images].flatMap(([architecture, value]) => (architecture !== amd64 && value === url ? architecture : []))
  if (others.length > 0 && own !== url) {
    return wrong('url_not_amd64', {
      architecture: others[0]!,
      message: `url is the image for ${others.join(', ')}: ${url}`,
      meaning: 'Old workers on x86_64 know only url, and fail with "exec format error".',
      advice:
        'Register the amd64 image, or the container again without url: Leporello then writes an address that says which images there are.'
    })
  }
  if (own === undefined || own === url || isGuardUrl(url, { id, architecture: amd64 })) return undefined
  return note('url_differs', {
    architecture: amd64,
    message: `url is ${url}, but the amd64 image in urls is ${own}`,
    meaning: 'Old workers take url and new ones urls: two images, unless one is a mirror of the other.',
    advice: 'Make sure that both are the same bytes, or register the container again with one of them.'
  })
}

function imageUrlFindings(id: string, [architecture, value]: [Architecture, string]): Diagnosis[] {
  const found: Diagnosis[] = []
  if (/^[a-z0-9]+:\/\/[^/]*\/[^?#]*[?#]/i.test(value)) {
    found.push(
      diagnosis('wrong', id)('url_with_query', {
        architecture,
        message: `the URL for ${architecture} has a query or a fragment: ${value}`,
        meaning: 'A worker names its cached file after the end of the URL, and cannot load it then.',
        advice: 'Register an address that ends with the name of the tarball.'
      })
    )
  }
  if (maskSecrets(value) !== value) {
    found.push(
      diagnosis('note', id)('url_with_secret', {
        architecture,
        message: `the URL for ${architecture} contains a secret: ${value}`,
        meaning: 'Anyone who may read the catalogue, or the payload of any job, can read it.',
        advice: 'Give workers credentials of their own, and register the bare address.'
      })
    )
  }
  return found
}

/** Returns the names in `urls`, or what is wrong with it. */
function readableNames(text: string): Names | string {
  try {
    const names = parseNames(text)
    imagesOf(names)
    return names
  } catch (error) {
    return (error as Error).message
  }
}

function withoutUrls(id: string, url: string | undefined): Diagnosis {
  const wrong = diagnosis('wrong', id)
  if (url === undefined) {
    return wrong('no_image', {
      message: 'the record names no image at all',
      meaning: 'Workers pull the name from a public hub, or fail.',
      advice: 'Register the container again.'
    })
  }
  return wrong('urls_missing', {
    message: 'the record has no urls',
    meaning:
      'Every machine is given url, an ARM machine too. Either it was built for one architecture, or what registered it was a Mozart of old, which drops urls.',
    advice:
      'Register its images by architecture: leporello register ID arm64=URL. If urls goes missing again, look at the server: leporello doctor --write.'
  })
}

/** The images of a container, as its view shows them. */
export interface KnownContainer extends Pick<ContainerView, 'id' | 'digest'> {
  images: { [architecture: string]: Omit<ImageView, 'architecture' | 'size' | 'checked' | 'origin'> }
}

const verdicts: { [verdict: string]: Pick<Diagnosis, 'meaning' | 'advice'> } = {
  mislabelled: {
    meaning:
      'Its programs are for other machines: "exec format error". Leporello refuses it to those that ask; workers that read the record do not ask.',
    advice:
      'Build it again for the right architecture; or, where its configuration says what its programs are, register it as that: POST …/images/{architecture}/relabel.'
  },
  mixed: {
    meaning: 'Its programs are for more than one architecture: it fails as soon as the wrong one runs.',
    advice: 'Build it again from a base image of one architecture, without copying binaries between stages of different platforms.'
  },
  unreadable: {
    meaning: 'The archive is broken: workers cannot load it.',
    advice: 'Build and upload it again; leporello inspect FILE says where it breaks.'
  },
  gone: {
    meaning: 'There is nothing at its URL: workers fail at download.',
    advice: 'Upload the tarball again, or take the image away: leporello rm ID --arch ARCH.'
  }
}

/** For an image registered as what its programs are: the configuration inside is wrong, or the programs do not tell. */
const mislabelledInside: Pick<Diagnosis, 'meaning' | 'advice'> = {
  meaning:
    'The label inside it, its configuration, and its bytes say different things: docker, Kubernetes and manifest lists go by the label. Leporello refuses it to those that ask.',
  advice:
    'Build it again, so that its configuration says what its programs are (docker buildx build --platform): no relabelling changes what is inside.'
}

/** Returns where proofs contradict the record. */
export function knownFindings({ id, digest, images }: KnownContainer): Diagnosis[] {
  const wrong = diagnosis('wrong', id)
  const found = Object.entries(images).flatMap(([architecture, { verdict, summary, status, url, proven }]) => {
    const code = status === 'gone' ? 'gone' : verdict
    const inside = code === 'mislabelled' && (proven === null || proven === architecture)
    const said = inside ? mislabelledInside : verdicts[code]
    if (!said) return []
    const message =
      code === 'gone' ? `the image for ${architecture} is gone: ${url}` : `the image for ${architecture} is ${code}: ${summary ?? url}`
    return wrong(code, { architecture, message, ...said })
  })
  return [...found, digestFinding({ id, digest, images }) ?? []].flat()
}

function digestFinding({ id, digest, images }: KnownContainer): Diagnosis | undefined {
  if (digest === null || digest === '') return undefined
  const has = ({ config, manifest, sha256, digest: given }: KnownContainer['images'][string]) =>
    [config, manifest, sha256, given].some((one) => one !== null && bare(one) === bare(digest))
  const own = Object.entries(images).filter(([, image]) => has(image))
  if (images['amd64'] === undefined || own.length === 0 || own.some(([architecture]) => architecture === 'amd64')) return undefined
  const [architecture] = own[0]!
  return diagnosis('note', id)('digest_of_other', {
    architecture,
    message: `the record's digest is that of the image for ${architecture}, not of the amd64 one: ${digest}`,
    meaning:
      "The builder inspects the tag after loading each platform under it, so the digest is the last one's. Who compares it with what x86_64 runs finds another.",
    advice: 'Register the amd64 image with its own digest: docker inspect it before the next platform is loaded.'
  })
}

const bare = (digest: string) => digest.replace(/^sha256:/, '').toLowerCase()
