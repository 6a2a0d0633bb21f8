import { CatalogueError } from '../../domain/errors.ts'
import { maskSecrets } from '../../domain/secrets.ts'

/** An error as engines write it, in items of `_bulk` and `_mget` and in bodies. */
export interface EngineError {
  type?: string
  reason?: string
  caused_by?: EngineError
}

const exceptions = (names: string): ReadonlySet<string> =>
  new Set(
    names
      .trim()
      .split(/\s+/)
      .map((name) => `${name}_exception`)
  )

/** `parse`: an empty document, "request body is required". */
const documentAtFault = exceptions('mapper_parsing document_parsing strict_dynamic_mapping parsing parse')

/** The engine is busy, or a shard is recovering or moving to another node. */
const passing = exceptions(`
  es_rejected_execution rejected_execution circuit_breaking unavailable_shards no_shard_available_action master_not_discovered not_master
  process_cluster_event_timeout node_closed primary_missing_action illegal_index_shard_state index_shard_not_started index_shard_recovering
  index_shard_closed shard_not_found shard_not_in_primary_mode retry_on_primary node_not_connected node_disconnected connect_transport
`)

/** Returns whether the same request may succeed a moment later. */
export const isPassing = (error: EngineError): boolean => passing.has(error.type ?? '')

/** Returns whether the request may have taken effect anyway: the node went away while it was working on it. */
export const isLost = (error: EngineError): boolean =>
  /^(node_closed|node_disconnected|index_shard_closed)_exception$/.test(error.type ?? '')

/** Returns whether the index is missing, which is normal for a read. */
export const isIndexMissing = (error: EngineError): boolean => error.type === 'index_not_found_exception'

/**
 * Returns the CatalogueError for one refused document. Statuses mislead (a closed index is a 400, a full disk a 429), so the type decides.
 * An unknown error counts as a fault of the store, never of the caller.
 */
export function engineRefusal(error: EngineError, id: string): CatalogueError {
  const type = error.type ?? 'unknown error'
  const words = wordsOf(error)
  if (type === 'version_conflict_engine_exception') return new CatalogueError('revision_conflict', `${id} was changed meanwhile`)
  if (documentAtFault.has(type) || (type === 'illegal_argument_exception' && aboutTheDocument.test(words))) {
    return new CatalogueError('document_refused', `the search engine cannot index ${id}: ${words}`)
  }
  return new CatalogueError('store_unavailable', `the search engine could not write ${id}: ${type}: ${words}`)
}

/** The reasons of `illegal_argument_exception`, which engines use for many errors, that concern the document. */
const aboutTheDocument =
  /immense term|bytes can be at most|mapper \[|object mapping|field name|Limit of (total fields|mapping depth|field name length)|nested/i

function wordsOf(error: EngineError): string {
  const reasons: string[] = []
  for (let cause: EngineError | undefined = error; cause && reasons.length < 3; cause = cause.caused_by) {
    if (cause.reason) reasons.push(cause.reason)
  }
  const text = reasons.map((reason) => reason.replace(quotedValue, '').trim()).join(': ')
  return maskSecrets(text.replace(/\s+/g, ' ')).slice(0, 400)
}

/** Engines quote the refused value, even as a list of bytes; it may be a URL with a password. */
const quotedValue = /(Please correct the analyzer|The prefix of the first immense term|Preview of field's value)[\s\S]*$/
