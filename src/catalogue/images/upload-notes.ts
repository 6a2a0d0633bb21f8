import type { Upload } from '../../blobs/blob-store.ts'
import type { Architecture } from '../../domain/architecture.ts'
import { type CatalogueError, type ErrorCode, isCatalogueError } from '../../domain/errors.ts'
import type { Cause } from '../../domain/history/entry.ts'
import { asFields, parsedJson } from '../../domain/json/reading.ts'
import type { ResumableUpload } from '../../schemas.ts'

/** What a client claims about an upload in pieces. */
export interface UploadClaim {
  /** Of the container. */
  id: string
  /** When undefined, the bytes tell. */
  architecture: Architecture | undefined
  version: string | undefined
  filename: string | undefined
  /** Of the tarball, hexadecimal. */
  sha256: string | undefined
  /** Further metadata, as the client sent it: tus returns it. */
  also?: string | undefined
}

/** How an upload ended well. */
export type UploadResult = NonNullable<ResumableUpload['result']>

/** Why an upload was refused for good. */
type UploadRefusal = Pick<CatalogueError, 'code' | 'message'>

/** What is stored alongside the bytes of an upload, as its note. */
export interface UploadNote extends UploadClaim {
  /** The address by which the upload was begun: the record names the tarball there. */
  publicUrl: string
  /** Of the request that began it. */
  cause: Cause
  /** The client whose share of the open uploads it counts against. Default: the address. */
  client?: string
  result?: UploadResult
  refusal?: UploadRefusal
}

export const toNote = (note: UploadNote): string => JSON.stringify({ tarball: note })

/** Returns undefined for the note of anything but an upload of a tarball. */
export function parseNote(text: string): UploadNote | undefined {
  const tarball = asFields(parsedJson(text))?.['tarball'] as UploadNote | undefined
  return typeof tarball?.id === 'string' ? tarball : undefined
}

export interface UploadView extends UploadClaim {
  upload: string
  state: ResumableUpload['state']
  offset: number
  size: number
  /** How many bytes have been read to prove it; undefined where this replica does not read it. */
  read: number | undefined
  created: Date
  expires: Date
  result: UploadResult | undefined
  refusal: UploadRefusal | undefined
}

type ViewOptions = Pick<UploadView, 'read'> & { note: UploadNote; expiryMs: number }

export function uploadView(upload: Upload, { note, expiryMs, read }: ViewOptions): UploadView {
  const { id, offset, size = 0, created, touched } = upload
  const { publicUrl: _, cause: __, client: ___, result, refusal, ...claim } = note
  const state = result ? 'registered' : refusal ? 'refused' : offset < size ? 'arriving' : 'proving'
  return { ...claim, upload: id, state, offset, size, read, created, expires: new Date(touched.getTime() + expiryMs), result, refusal }
}

/** After these an upload may succeed the next time; any other error ends it. */
const passing: readonly ErrorCode[] = ['store_unavailable', 'store_full', 'revision_conflict', 'upload_conflict', 'upload_unknown']

/** Returns undefined for an error after which the upload can be tried again. */
export const refusalFrom = (error: unknown): UploadRefusal | undefined =>
  isCatalogueError(error) && !passing.includes(error.code) ? { code: error.code, message: error.message } : undefined
