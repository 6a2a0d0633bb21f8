import { readSpecification, type Specification } from '../../domain/specs/specification.ts'
import type { DocumentStore } from '../../stores/document-store.ts'

/** Job specifications, or hysds-ios: documents of HySDS that are stored unjudged. */
export interface Specs {
  /** Stores a specification under the id that it holds, and returns that id. Throws json_invalid, id_invalid, document_refused, and what `permit` throws. */
  add(specification: string, options: { permit(id: string): void }): Promise<string>
  get(id: string): Promise<string | undefined>
  remove(id: string): Promise<boolean>
  ids(): AsyncIterable<string[]>
}

export interface SpecsOptions {
  /** Reads a specification without holding up other requests, even a large one. */
  read?: ((specification: string) => Promise<Specification>) | undefined
  /** Returns what is stored instead of a valid specification. */
  prepared?: ((specification: string) => Promise<string>) | undefined
  /** Called when a specification was stored or removed. */
  onChange?: ((id: string, specification: string | undefined) => void) | undefined
}

export function createSpecs(store: DocumentStore, { read, prepared, onChange }: SpecsOptions = {}): Specs {
  return {
    async add(specification, { permit }) {
      const { id, text } = await (read ?? readSpecification)(specification)
      permit(id)
      const stored = (await prepared?.(text)) ?? text
      await store.put(id, stored)
      onChange?.(id, stored)
      return id
    },

    async get(id) {
      return (await store.get(id))?.document
    },

    async remove(id) {
      const removed = await store.remove(id)
      onChange?.(id, undefined)
      return removed
    },

    ids: () => store.ids()
  }
}
