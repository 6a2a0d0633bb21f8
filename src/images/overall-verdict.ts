import type { Architecture } from '../domain/architecture.ts'
import type { ImageFacts, ImageReport } from './image-report.ts'
import type { ProblemList } from './problems.ts'
import type { Verdict } from './verdict.ts'

// the worst comes first
const order: readonly Verdict[] = ['unreadable', 'mislabelled', 'mixed', 'no-binaries', 'match']

const worstOf = (images: readonly ImageFacts[]): ImageFacts | undefined =>
  [...images].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))[0]

type Overall = Pick<ImageReport, 'verdict' | 'summary' | 'architecture'>

/**
 * The archive's verdict: that of its one image, or the worst among several. When an architecture is claimed of an archive with several
 * images, only those that are for it answer for it.
 */
export function overallVerdict(
  images: readonly ImageFacts[],
  { claimed, problems }: { claimed: Architecture | undefined; problems: ProblemList }
): Overall {
  const fatal = problems.listed.find((problem) => problem.fatal)
  if (fatal !== undefined) return { verdict: 'unreadable', summary: fatal.message, architecture: null }
  const candidates = claimed === undefined || images.length === 1 ? images : images.filter((image) => image.claimed === claimed)
  const worst = worstOf(candidates)
  if (worst === undefined) {
    const others = [...new Set(images.map((image) => image.claimed ?? 'unknown'))].join(', ')
    return {
      verdict: 'mislabelled',
      summary: `none of the ${images.length} images is for ${claimed}; they are for ${others}`,
      architecture: null
    }
  }
  const found = new Set(candidates.map((image) => image.architecture))
  const said =
    images.length === 1
      ? worst.summary
      : `of ${candidates.length} images (${images.length} in all), ${worst.claimed ?? 'one'}: ${worst.summary}`
  return { verdict: worst.verdict, summary: said, architecture: found.size === 1 ? worst.architecture : null }
}
