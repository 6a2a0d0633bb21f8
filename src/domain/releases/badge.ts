import type { Architecture } from '../architecture.ts'
import type { CurrentImage } from '../build/state.ts'

export interface Badge {
  label: string
  /** The architectures that are proven, in the table's order; empty where there are none. */
  architectures: Architecture[]
  message: string
  color: string
}

const colours = { proven: '#3a7d0a', none: '#6b6b6b' }

/** Returns what a badge shows: the architectures whose images are proven. What was only claimed is not mentioned. */
export function badgeOf(images: ReadonlyMap<Architecture, CurrentImage>): Badge {
  const architectures = [...images].flatMap(([architecture, { facts }]) =>
    facts?.verdict === 'match' && facts.status !== 'gone' ? [architecture] : []
  )
  const proven = architectures.length > 0
  return {
    label: 'runs on',
    architectures,
    message: proven ? architectures.join(' | ') : 'nothing proven',
    color: proven ? colours.proven : colours.none
  }
}

/** About the width of a character in 11 px Verdana, and the space around a text. */
const [characterWidth, padding] = [7, 10]

/** Draws a badge. It has no script, no style sheet and no link, so that any page may show it. */
export function badgeSvg({ label, message, color }: Badge): string {
  const [left, right] = [label, message].map((text) => text.length * characterWidth + padding) as [number, number]
  const text = (words: string, middle: number) => `<text x="${middle}" y="14" text-anchor="middle">${escaped(words)}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${escaped(`${label}: ${message}`)}">
<title>${escaped(`${label}: ${message}`)}</title>
<rect width="${left}" height="20" fill="#444"/>
<rect x="${left}" width="${right}" height="20" fill="${color}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
${text(label, left / 2)}
${text(message, left + right / 2)}
</g>
</svg>
`
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
