import { type Architecture, parseArchitecture } from '../domain/architecture.ts'
import type { ProvenVerdict } from '../domain/image/facts.ts'
import { chosenImages, forLinux, type Wanted } from './choice.ts'
import type { ImageFacts, ImageReport } from './image-report.ts'
import { otherPlatform } from './platform.ts'
import { quoted } from './problems.ts'

// the worst comes first
const order: readonly ProvenVerdict[] = ['unreadable', 'mislabelled', 'mixed', 'no-binaries', 'match']

const worstOf = (images: readonly ImageFacts[]): ImageFacts | undefined =>
  [...images].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))[0]

export type Overall = Pick<ImageReport, 'verdict' | 'summary' | 'architecture'>

/** The verdict of the image that is meant, or the worst of several. Images for other systems count only when there is none for Linux. */
export function overallVerdict(images: readonly ImageFacts[], { problems, ...wanted }: Wanted & Pick<ImageReport, 'problems'>): Overall {
  const fatal = problems.find((problem) => problem.fatal)
  if (fatal !== undefined) return { verdict: 'unreadable', summary: fatal.message, architecture: null }
  if (forLinux(images).length === 0) return withoutLinux(images)
  const meant = chosenImages(images, wanted)
  const worst = worstOf(meant)
  if (worst === undefined) return withoutImageFor(wanted.architecture, images)
  const found = new Set(meant.map(({ architecture }) => architecture))
  const summary = images.length === 1 ? worst.summary : `${whichOf(meant, { images, worst })}: ${worst.summary}`
  return { verdict: worst.verdict, summary, architecture: found.size === 1 ? worst.architecture : null }
}

function whichOf(meant: readonly ImageFacts[], { images, worst }: { images: readonly ImageFacts[]; worst: ImageFacts }): string {
  const name = worst.claimed ?? 'no named architecture'
  const one = `the one for ${name}`
  if (meant.length === 1) return `of ${images.length} images, ${one}`
  const candidates = meant.length === images.length ? '' : `${meant.length} qualify, and `
  return `of ${images.length} images, ${candidates}the worst is ${one}`
}

function withoutLinux(images: readonly ImageFacts[]): Overall {
  const [only] = images
  const others = [...new Set(images.map(({ config }) => otherPlatform(config ?? {})))].slice(0, 10).join(', ')
  const summary =
    images.length === 1 ? only!.summary : `none of the ${images.length} images is for Linux; they are for ${others || 'nothing'}`
  return { verdict: 'mislabelled', summary, architecture: null }
}

function withoutImageFor(architecture: Architecture | undefined, images: readonly ImageFacts[]): Overall {
  const others = [...new Set(images.map(({ claimed }) => claimed ?? 'unknown'))].slice(0, 10).join(', ')
  const summary = `none of the ${images.length} images is for ${architecture}; they are for ${others}`
  return { verdict: 'mislabelled', summary, architecture: null }
}

/**
 * Completes a report for an upload without an architecture. An archive with several images whose programs are all for one architecture is
 * registered under that one, so the verdict must be about the image for it, as if the architecture had been claimed.
 */
export function reportOnProven(report: ImageReport, { container }: Pick<Wanted, 'container'>): ImageReport {
  if (report.claimed !== null || report.architecture === null || forLinux(report.images).length < 2) return report
  const architecture = parseArchitecture(report.architecture)
  const overall = overallVerdict(report.images, { architecture, container, problems: report.problems })
  return { ...report, ...overall, claimed: architecture }
}

/** Lists images by their tags, for a message that asks which one is meant. */
export const choiceInWords = (images: readonly ImageFacts[]): string =>
  images
    .slice(0, 10)
    .map(({ tags, config }) => tags.slice(0, 3).map(quoted).join(', ') || `untagged (${config?.digest ?? 'no configuration'})`)
    .join('; ')
