import type { HistoryPage } from '../../schemas.ts'

/** What the history of one container has lost to its bounds. It is stored among the entries, and is not one. */
export type HistoryCut = NonNullable<HistoryPage['cut']>

export const cutId = (container: string, hash: (text: string) => string): string => hash(`cut\n${container}`)

export const toCutDocument = (id: string, { container, ...cut }: HistoryCut & { container: string }): string =>
  JSON.stringify({ id, cut: container, ...cut })

export function fromCutDocument(document: string): HistoryCut | undefined {
  const { entries, until } = JSON.parse(document) as Partial<HistoryCut>
  return typeof entries === 'number' && typeof until === 'string' ? { entries, until } : undefined
}
