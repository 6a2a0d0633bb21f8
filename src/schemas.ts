/* Written by `npm run generate` from schemas/*.json: change those. */

/**
 * An architecture under any of its names: arm64, aarch64, linux/arm64/v8. Their case does not matter.
 */
export type ArchitectureName = string
/**
 * 1 to 512 bytes of UTF-8, not . or ..
 */
export type ContainerId = string
/**
 * 1 to 512 bytes of UTF-8, not . or ..
 */
export type ContainerId1 = string
/**
 * What is done to one container. Several items of one container are done in their order.
 */
export type BatchItem = BatchPut | BatchPatch | BatchDelete | BatchPutImage | BatchCopyImage | BatchDeleteImage
/**
 * A whole container. Images that are not named here are not its images any more. It has a url, or at least one of images.
 */
export type ContainerPut = (
  | {
      [k: string]: unknown
    }
  | {
      images: {
        [k: string]: unknown
      }
      [k: string]: unknown
    }
) & {
  /**
   * Default: as it is, or the tag of the id.
   */
  version?: string
  /**
   * Default: the amd64 image's, else that of the first architecture that has one, else as it is.
   */
  digest?: string
  /**
   * What x86_64 machines run. Default: the amd64 image.
   */
  url?: string
  /**
   * By architecture, under any of its names.
   */
  images?: {
    [k: string]: ImageRegistration
  }
}
/**
 * An image by its URL, alone or with its digest.
 */
export type ImageRegistration =
  | string
  | {
      url: string
      digest?: string
    }
/**
 * One line of the answer.
 */
export type FsckLine = FsckFinding | FsckNote | FsckSummary
/**
 * 1 to 512 bytes of UTF-8, not . or ..
 */
export type ContainerId2 = string
/**
 * An image by its URL, or another container's.
 */
export type ImagePut = ImageByUrl | ImageFrom
/**
 * The plan; with format=kubernetes the Jobs that carry it out.
 */
export type PlanReply = PlanAnswer | KubernetesList

/**
 * By file name.
 */
export interface Schemas {
  'api-start.json': ApiStart
  'architecture-name.json': ArchitectureName
  'architectures-answer.json': ArchitecturesAnswer
  'architectures-query.json': ArchitecturesQuery
  'backfill-item.json': BackfillItem
  'backfill-page.json': BackfillPage
  'backfill-query.json': BackfillQuery
  'batch-answer.json': BatchAnswer
  'batch-copy-image.json': BatchCopyImage
  'batch-delete-image.json': BatchDeleteImage
  'batch-delete.json': BatchDelete
  'batch-item.json': BatchItem
  'batch-patch.json': BatchPatch
  'batch-put-image.json': BatchPutImage
  'batch-put.json': BatchPut
  'batch-result.json': BatchResult
  'batch.json': Batch
  'change-headers.json': ChangeHeaders
  'config.json': Settings
  'container-add.json': ContainerAdd
  'container-answer.json': ContainerAnswer
  'container-change.json': ContainerChange
  'container-id.json': ContainerId
  'container-image.json': ContainerImage
  'container-list.json': ContainerList
  'container-part.json': ContainerPart
  'container-patch.json': ContainerPatch
  'container-put.json': ContainerPut
  'container-query.json': ContainerQuery
  'container-reply.json': ContainerReply
  'container-view.json': ContainerView
  'container.json': Container
  'deleted-container.json': DeletedContainer
  'deleted-page.json': DeletedPage
  'demand-row.json': DemandRow
  'diff-answer.json': DiffAnswer
  'diff-query.json': DiffQuery
  'done-reply.json': DoneReply
  'download-query.json': DownloadQuery
  'dry-run-query.json': DryRunQuery
  'engine-document.json': EngineDocument
  'entry-author.json': EntryAuthor
  'event-headers.json': EventHeaders
  'event-query.json': EventQuery
  'expected-answer.json': ExpectedAnswer
  'expected-put.json': ExpectedPut
  'expected-query.json': ExpectedQuery
  'expected-view.json': ExpectedView
  'fsck-finding.json': FsckFinding
  'fsck-line.json': FsckLine
  'fsck-note.json': FsckNote
  'fsck-query.json': FsckQuery
  'fsck-repair-query.json': FsckRepairQuery
  'fsck-summary.json': FsckSummary
  'guard-parameters.json': GuardParameters
  'health.json': Health
  'history-document.json': HistoryDocument
  'history-entry.json': HistoryEntry
  'history-page.json': HistoryPage
  'history-parameters.json': HistoryParameters
  'history-query.json': HistoryQuery
  'id-parameter.json': IdParameter
  'id-query.json': IdQuery
  'ids-reply.json': IdsReply
  'image-answer.json': ImageAnswer
  'image-by-url.json': ImageByUrl
  'image-form.json': ImageForm
  'image-from.json': ImageFrom
  'image-parameters.json': ImageParameters
  'image-put.json': ImagePut
  'image-registration.json': ImageRegistration
  'image-report-file.json': ImageReportFile
  'image-report-image.json': ImageReportImage
  'image-report.json': ImageReport
  'image-view.json': ImageView
  'job-answer.json': JobAnswer
  'job-list.json': JobList
  'job-put.json': JobPut
  'job.json': Job
  'kubernetes-list.json': KubernetesList
  'layout-query.json': LayoutQuery
  'list-query.json': ListQuery
  'live-report.json': LiveReport
  'machine.json': Machine
  'manifest-descriptor.json': ManifestDescriptor
  'manifest-list.json': ManifestList
  'manifest-query.json': ManifestQuery
  'mozart-refusal.json': MozartRefusal
  'openapi-document.json': OpenApiDocument
  'page-query.json': PageQuery
  'pending-image.json': PendingImage
  'plan-answer.json': PlanAnswer
  'plan-job.json': PlanJob
  'plan-query.json': PlanQuery
  'plan-reply.json': PlanReply
  'plan-source.json': PlanSource
  'plan-step.json': PlanStep
  'plan.json': Plan
  'pretty-parameter.json': PrettyParameter
  'problem.json': Problem
  'ready-report.json': ReadyReport
  'reason-headers.json': ReasonHeaders
  'reason.json': Reason
  'record-change.json': RecordChange
  'refusal.json': Refusal
  'released-tarball.json': ReleasedTarball
  'removal-answer.json': RemovalAnswer
  'report-query.json': ReportQuery
  'resolution-query.json': ResolutionQuery
  'resolution-reply.json': ResolutionReply
  'resolution.json': Resolution
  'resolve-query.json': ResolveQuery
  'restore-answer.json': RestoreAnswer
  'restore.json': Restore
  'resumable-upload.json': ResumableUpload
  'spec-add.json': SpecAdd
  'spec-image.json': SpecImage
  'spec-reply.json': SpecReply
  'spec-report.json': SpecReport
  'storage-parameters.json': StorageParameters
  'stream-event.json': StreamEvent
  'tarball-query.json': TarballQuery
  'tarball-standing.json': TarballStanding
  'unavailable-report.json': UnavailableReport
  'upload-append-headers.json': UploadAppendHeaders
  'upload-create-headers.json': UploadCreateHeaders
  'upload-headers.json': UploadHeaders
  'upload-parameters.json': UploadParameters
  'uploads-query.json': UploadsQuery
  'uploads.json': Uploads
  'version-report.json': VersionReport
  'wait-answer.json': WaitAnswer
  'wait-query.json': WaitQuery
  'warning.json': Warning
}
/**
 * Where to begin.
 */
export interface ApiStart {
  name: 'leporello'
  /**
   * Ways to the rest, relative to this address.
   */
  links: {
    [k: string]: string
  }
}
/**
 * Which architectures machines asked for.
 */
export interface ArchitecturesAnswer {
  /**
   * The first day that is counted.
   */
  since: string
  architectures: DemandRow[]
}
export interface DemandRow {
  architecture: string
  /**
   * Under which it stands in urls.
   */
  names: string[]
  asked: number
  answered: number
  refused: number
  /**
   * Containers that such a machine was refused, the most refused first.
   */
  lacking: {
    container: string
    refused: number
  }[]
}
export interface ArchitecturesQuery {
  /**
   * Default: 7.
   */
  days?: number
}
/**
 * A container that names no architectures, and what it becomes.
 */
export interface BackfillItem {
  id: string
  revision: string
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * What its bytes are proven to be for.
   */
  architecture: string | null
  before: {
    url: string
    /**
     * JSON, in a string.
     */
    urls: string | null
  }
  /**
   * Null where it is not proven, and nothing is to be written.
   */
  after: {
    url: string
    /**
     * JSON, in a string.
     */
    urls: string
  } | null
  /**
   * What is proven, or what to do where it is not, for people.
   */
  message: string
  written: boolean
}
export interface BackfillPage {
  items: BackfillItem[]
  /**
   * The cursor of the next page; a page may be empty and have one.
   */
  next: string | null
}
export interface BackfillQuery {
  /**
   * A pattern of * and ?.
   */
  id?: string
  /**
   * Of records looked at.
   */
  limit?: number
  /**
   * `next` of the page before.
   */
  cursor?: string
}
/**
 * What became of each item, in their order.
 */
export interface BatchAnswer {
  /**
   * How many items changed something, or would in a dry run.
   */
  applied: number
  results: BatchResult[]
}
export interface BatchResult {
  id: string
  /**
   * As a request for this item alone would have been answered.
   */
  status: number
  unchanged: boolean
  /**
   * Of the container afterwards; null when there is none.
   */
  revision?: string | null
  /**
   * Tarballs in our own store that the container ceased to name. Items of one container of an atomic batch are one change, and each tells all of it.
   */
  released: ReleasedTarball[]
  problem?: Problem
}
/**
 * A tarball in our own store that the container ceased to name.
 */
export interface ReleasedTarball {
  /**
   * Its path below /storage.
   */
  key: string
  container: string
  /**
   * When it is removed, unless a container names it then (LEPORELLO_DELETE_GRACE).
   */
  due: string
}
/**
 * A refusal (RFC 9457).
 */
export interface Problem {
  type: string
  title: string
  status: number
  /**
   * For people.
   */
  detail: string
  instance: string
  /**
   * For programs.
   */
  code: string
  errors: {
    path: string
    message: string
  }[]
  /**
   * The architectures that there are.
   */
  available?: string[]
}
/**
 * One item of a batch.
 */
export interface BatchCopyImage {
  id: ContainerId
  op: 'put-image'
  architecture: ArchitectureName
  from: ContainerId1
  /**
   * The revision that it must stand at; * for any.
   */
  ifMatch?: string
}
/**
 * One item of a batch.
 */
export interface BatchDeleteImage {
  id: ContainerId
  op: 'delete-image'
  architecture: ArchitectureName
  /**
   * The revision that it must stand at; * for any.
   */
  ifMatch?: string
}
/**
 * One item of a batch.
 */
export interface BatchDelete {
  id: ContainerId
  op: 'delete'
  /**
   * The revision that it must stand at; * for any.
   */
  ifMatch?: string
}
/**
 * One item of a batch.
 */
export interface BatchPut {
  id: ContainerId
  op: 'put'
  container: ContainerPut
  /**
   * The revision that it must stand at; * for any.
   */
  ifMatch?: string
}
/**
 * One item of a batch.
 */
export interface BatchPatch {
  id: ContainerId
  op: 'patch'
  container: ContainerPatch
  /**
   * The revision that it must stand at; * for any.
   */
  ifMatch?: string
}
/**
 * Laid over the container as it is (RFC 7396).
 */
export interface ContainerPatch {
  /**
   * Default: as it is, or the tag of the id.
   */
  version?: string
  /**
   * Default: as it is.
   */
  digest?: string
  /**
   * What x86_64 machines run. Default: the amd64 image.
   */
  url?: string
  /**
   * By architecture, under any of its names. null takes one away.
   */
  images?: {
    [k: string]: ImageRegistration | null
  }
}
/**
 * One item of a batch.
 */
export interface BatchPutImage {
  id: ContainerId
  op: 'put-image'
  architecture: ArchitectureName
  url: string
  /**
   * What docker, or a registry, calls its digest; a new container needs one.
   */
  digest?: string
  /**
   * Default: as it is, or the tag of the id.
   */
  version?: string
  /**
   * The revision that it must stand at; * for any.
   */
  ifMatch?: string
}
/**
 * Edits of several containers, all or none, or each by itself.
 */
export interface Batch {
  /**
   * All or none. Default: true.
   */
  atomic?: boolean
  /**
   * @minItems 1
   * @maxItems 1000
   */
  items: [BatchItem, ...BatchItem[]]
}
/**
 * What may be said of a change of one record.
 */
export interface ChangeHeaders {
  /**
   * Change it only while its revision is one of these (as ETag says it), or, with *, only if it is there. Not together with If-None-Match: *, which is: only if it is not there. At the path of an image * is about that image, else about the container.
   */
  'If-Match'?: string
  /**
   * Why; its first 1000 characters are kept in the history.
   */
  'X-Reason'?: string
  [k: string]: unknown
}
/**
 * All settings. In the environment, LEPORELLO_ and the name in capitals (enginePatienceMs is LEPORELLO_ENGINE_PATIENCE_MS); in the JSON file that LEPORELLO_CONFIG names, either spelling.
 */
export interface Settings {
  /**
   * The address to listen on; 0.0.0.0 or :: listens on all.
   */
  host: string
  /**
   * The port to listen on; 0 chooses a free one.
   */
  port: number
  /**
   * The URL of this service from outside; guard URLs begin with it. Default: the address it listens on, or for a wildcard address the host of the request.
   */
  publicUrl?: string
  /**
   * A prefix of all paths, for a proxy that does not strip it.
   */
  prefix: string
  /**
   * The directory of the embedded store, and of tarballs unless OBJECTS_DIR is set.
   */
  data: string
  /**
   * The least important log lines to write.
   */
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /**
   * Who may do what. open: everyone may do everything, as with Mozart. read-only: no one may write, for switching a cluster over.
   */
  policy: 'open' | 'read-only'
  /**
   * The largest size of the embedded store's file; writes beyond it are refused. Default: as much as the disk holds.
   */
  dataLimit?: number
  /**
   * The largest request body that is read into memory. It must fit a form with a specification of 8 MiB, percent-encoded.
   */
  bodyLimit: number
  /**
   * The commit that this program was built from, for /version. Set by the build of the container image.
   */
  commit?: string
  /**
   * Where documents are stored. embedded: in a file on this machine. elasticsearch: in Elasticsearch 7.10 or later, or OpenSearch.
   */
  store: 'embedded' | 'elasticsearch'
  /**
   * The nodes of Elasticsearch or OpenSearch. Credentials in the URL stand for ENGINE_USERNAME and ENGINE_PASSWORD.
   *
   * @minItems 1
   */
  engineUrl?: [string, ...string[]]
  /**
   * The user for basic authentication.
   */
  engineUsername?: string
  /**
   * The password for basic authentication.
   */
  enginePassword?: string
  /**
   * An API key of the engine, instead of a user name and password.
   */
  engineApiKey?: string
  /**
   * A PEM file with the certificates that the engine's certificate is checked against.
   */
  engineCa?: string
  /**
   * Do not check the engine's certificate.
   */
  engineInsecure: boolean
  /**
   * How long an operation on the store is retried before the answer is 503. 60000 outlasts a restart of the engine.
   */
  enginePatienceMs: number
  /**
   * The index of containers.
   */
  indexContainers: string
  /**
   * The index of job specs.
   */
  indexJobSpecs: string
  /**
   * The index of hysds-ios.
   */
  indexHysdsIos: string
  /**
   * Architectures that get a guard URL in every record with urls that lacks them, so that unmodified workers fail at download instead of running an image for another architecture.
   */
  guard: string[]
  /**
   * The architectures that a container must have, unless a rule or the container itself says otherwise.
   */
  expected: string[]
  /**
   * Rules for containers by the pattern of their ids: which architectures to expect (expected), when to publish images (publish: each as it arrives, all together, or verified: all together when all are proven), which containers to bundle (bundle), how long a build may be silent (buildTimeoutMs) and an image may wait (pendingMs). Of several matching rules, the first that sets a value counts.
   */
  rules?: string | unknown[]
  /**
   * What container/add does with an existing record, unless the request says merge=true or merge=false. replace: replaces it, as Mozart does. merge: keeps the images of other architectures.
   */
  add: 'replace' | 'merge'
  /**
   * An old Mozart that requests for unknown paths are passed to.
   */
  legacyMozartUrl?: string
  /**
   * Where tarballs are stored. local: in a directory. s3: in a bucket, with the credentials that the AWS SDK finds in the environment (AWS_ACCESS_KEY_ID and so on).
   */
  objects: 'local' | 's3'
  /**
   * The directory of tarballs. Default: the folder objects in DATA.
   */
  objectsDir?: string
  /**
   * The S3 server, if it is not AWS.
   */
  s3Endpoint?: string
  /**
   * The bucket of tarballs.
   */
  s3Bucket?: string
  /**
   * The bucket's region.
   */
  s3Region?: string
  /**
   * The prefix of every key.
   */
  s3Prefix?: string
  /**
   * Put the bucket's name into the path, as most S3 servers other than AWS need.
   */
  s3PathStyle: boolean
  /**
   * Which images are read to prove their architecture. own: those stored here. all: also those registered by URL, from VERIFY_HOSTS, VERIFY_BUCKETS and VERIFY_ROOTS.
   */
  verify: 'off' | 'own' | 'all'
  /**
   * Hosts from which images may be read over http(s) and dav(s): names, which may be inside the site, or patterns with * and ?, which allow public addresses only; with a port, :* for any port, or no port for the default one.
   */
  verifyHosts: string[]
  /**
   * Buckets from which images may be read: names or patterns with * and ?, on AWS, or after the URL of another server.
   */
  verifyBuckets: string[]
  /**
   * Local directories from which images may be read.
   */
  verifyRoots: string[]
  /**
   * How often one replica compares the summaries that lists are filtered by with the records, so that lists and the history show what other programs changed in the engine.
   */
  sweep: number
  /**
   * Refuse a tarball that is not proven to be what it is said to be, and keep nothing of it; also with container/add and verify=wait. Otherwise it is kept and marked, and refused to machines.
   */
  strict: boolean
  /**
   * How long a resumable upload may make no progress before it is removed, and how long its result is remembered.
   */
  uploadExpiry: number
  /**
   * How long a tarball that was uploaded through the API stays after no container names it any more, because queued jobs may hold its address for days. 0 removes it at once.
   */
  deleteGrace: number
  /**
   * Add `container_image_urls` from the catalogue to the dependency images of a new job spec that have none, so that workers load the image for their own architecture.
   */
  fillSpecs: boolean
  /**
   * How many entries of a container's history are kept; older ones are removed.
   */
  historyEntries: number
  /**
   * How long entries of the history are kept, at least DELETED_KEEP. The newest entry about each record stays as long as the record.
   */
  historyKeep: number
  /**
   * How long a removed container is listed as restorable. Its tarballs may be gone earlier; a restore tells.
   */
  deletedKeep: number
  /**
   * For commands: the server that they ask.
   */
  url: string
  /**
   * For commands: a PEM file with certificates to trust besides those of public authorities.
   */
  ca?: string
  /**
   * For commands: the bearer token that they send.
   */
  token?: string
}
export interface ContainerAdd {
  /**
   * The id: 1 to 512 bytes of UTF-8.
   */
  name: string
  version: string
  digest: string
  /**
   * What x86_64 machines run. Empty for a container without an amd64 image; then urls must say what there is.
   */
  url?: string
  /**
   * JSON, in a string: from architecture to URL. Names that machines call themselves are added.
   */
  urls?: string
  /**
   * Lay urls over the stored ones by architecture, instead of replacing the record.
   */
  merge?: 'true' | 'false'
  /**
   * wait: answer when the images that may be read were read, but not later than after 50 s.
   */
  verify?: 'wait'
  [k: string]: unknown
}
/**
 * The container as it stands after a change, or would after a dry run.
 */
export interface ContainerAnswer {
  container: ContainerView
  /**
   * Whether it meant the same before; then nothing was written.
   */
  unchanged: boolean
  /**
   * The tarballs in our own store that it ceased to name.
   */
  released: ReleasedTarball[]
}
/**
 * A container with what is known of it.
 */
export interface ContainerView {
  id: string
  version: string | null
  url: string | null
  digest: string | null
  /**
   * By architecture.
   */
  images: {
    [k: string]: ImageView
  }
  /**
   * The architectures that it shall have.
   */
  expected: string[]
  /**
   * Expected architectures whose image has not arrived.
   */
  missing: string[]
  /**
   * Images that have arrived and wait to be published with the others, by architecture.
   */
  pending: {
    [k: string]: PendingImage
  }
  /**
   * degraded: a build or test failed or fell silent, or an image is not what it is said to be. complete: all that is expected is there; with no expectation, any image. partial: else.
   */
  state: 'complete' | 'partial' | 'degraded'
  /**
   * Why it is not complete.
   */
  reasons: Reason[]
  /**
   * Of the record, for compare-and-swap; also the ETag. Null while no image of it is published.
   */
  revision: string | null
  /**
   * What the record means, as SHA-256: two with the same one mean the same, whatever their order, spacing and aliases.
   */
  fingerprint: string | null
  /**
   * When it was first registered, as far as that is known.
   */
  created: string | null
  /**
   * When it, or what stands beside it, last changed.
   */
  updated: string | null
}
/**
 * One image of a container, and what is known of it.
 */
export interface ImageView {
  architecture: string
  url: string
  /**
   * What who registered it said, else that of its configuration.
   */
  digest: string | null
  size: number | null
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * The verdict in words.
   */
  summary: string | null
  /**
   * The architecture that the bytes are for, where they agree.
   */
  proven: string | null
  /**
   * Of the tarball.
   */
  sha256: string | null
  config: string | null
  manifest: string | null
  status: 'present' | 'gone' | 'unreachable' | 'unknown'
  checked: string | null
}
/**
 * An image that has arrived and is not published yet.
 */
export interface PendingImage {
  url: string
  digest: string | null
  version: string | null
  since: string
  /**
   * When it is given up.
   */
  expires: string
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * The verdict in words.
   */
  summary: string | null
}
/**
 * Why a container is not complete.
 */
export interface Reason {
  code:
    | 'build_failed'
    | 'build_stale'
    | 'test_failed'
    | 'test_stale'
    | 'mislabelled'
    | 'mixed'
    | 'unreadable'
    | 'gone'
    | 'missing'
    | 'pending'
    | 'unverified'
  /**
   * Null when it has no image at all and none is expected.
   */
  architecture: string | null
  /**
   * For people.
   */
  message: string
  since: string | null
}
/**
 * The container as it stands after a change.
 */
export interface ContainerChange {
  container: ContainerView
  /**
   * The tarballs in our own store that it ceased to name.
   */
  released: ReleasedTarball[]
}
/**
 * One image, with the container that it belongs to.
 */
export interface ContainerImage {
  container: string
  /**
   * Null for the one image of a record that names no architectures.
   */
  architecture: string | null
  url: string
  /**
   * What who registered it said, else that of its configuration.
   */
  digest: string | null
  size: number | null
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * The verdict in words.
   */
  summary: string | null
  /**
   * The architecture that the bytes are for, where they agree.
   */
  proven: string | null
  /**
   * Of the tarball.
   */
  sha256: string | null
  config: string | null
  manifest: string | null
  status: 'present' | 'gone' | 'unreachable' | 'unknown'
  checked: string | null
}
/**
 * A page of containers.
 */
export interface ContainerList {
  items: ContainerPart[]
  /**
   * The cursor of the next page; null on the last one.
   */
  next: string | null
  /**
   * When the rows that filters other than name and version are answered from were last gone through; null before the first time.
   */
  swept: string | null
}
/**
 * A container, or those of its members that were asked for.
 */
export interface ContainerPart {
  id?: string
  version?: string | null
  url?: string | null
  digest?: string | null
  /**
   * By architecture.
   */
  images?: {
    [k: string]: ImageView
  }
  /**
   * The architectures that it shall have.
   */
  expected?: string[]
  /**
   * Expected architectures whose image has not arrived.
   */
  missing?: string[]
  /**
   * Images that have arrived and wait to be published with the others, by architecture.
   */
  pending?: {
    [k: string]: PendingImage
  }
  /**
   * degraded: a build or test failed or fell silent, or an image is not what it is said to be. complete: all that is expected is there; with no expectation, any image. partial: else.
   */
  state?: 'complete' | 'partial' | 'degraded'
  /**
   * Why it is not complete.
   */
  reasons?: Reason[]
  /**
   * Of the record, for compare-and-swap; also the ETag. Null while no image of it is published.
   */
  revision?: string | null
  /**
   * What the record means, as SHA-256: two with the same one mean the same, whatever their order, spacing and aliases.
   */
  fingerprint?: string | null
  /**
   * When it was first registered, as far as that is known.
   */
  created?: string | null
  /**
   * When it, or what stands beside it, last changed.
   */
  updated?: string | null
}
export interface ContainerQuery {
  id: string
  /**
   * The architecture of a machine, as it calls itself or as OCI does. With it, url is that machine's image.
   */
  arch?: string
  /**
   * With arch: give the image though its bytes are another architecture's, or it is gone.
   */
  force?: 'true' | 'false'
  [k: string]: unknown
}
export interface ContainerReply {
  success: boolean
  message: string
  result: Container
  [k: string]: unknown
}
/**
 * HySDS's record. Records that others wrote may lack members or have more.
 */
export interface Container {
  id?: string
  digest?: string | null
  /**
   * What x86_64 machines run; with arch, what that machine runs.
   */
  url?: string | null
  version?: string | null
  /**
   * JSON, in a string: every architecture under all its names.
   */
  urls?:
    | string
    | {
        [k: string]: unknown
      }
    | null
  resolved?: Resolution
  [k: string]: unknown
}
export interface Resolution {
  /**
   * By its OCI name; null when the record names no architectures and the bytes of its url were not read.
   */
  architecture: string | null
  /**
   * As it was asked for.
   */
  requested: string
  url: string
  source: 'urls' | 'url'
  /**
   * What reading the image's bytes proved.
   */
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * Only of an image that is known not to be there: force=true gives it all the same.
   */
  status?: 'gone'
}
/**
 * A container that was removed and can be brought back.
 */
export interface DeletedContainer {
  id: string
  /**
   * What POST …/restore takes to bring it back.
   */
  revision: string
  version: string | null
  architectures: string[]
  /**
   * Where its tarballs are. What is gone a restore does not bring back.
   */
  tarballs: TarballStanding[]
  /**
   * When. ISO 8601.
   */
  removed: string
  /**
   * It was removed in the store itself, and not through this service.
   */
  noticed: boolean
  by: EntryAuthor
  /**
   * Why, as X-Reason said.
   */
  reason: string | null
  /**
   * Until when it is listed here (LEPORELLO_DELETED_KEEP).
   */
  until: string
}
/**
 * Where the tarball is of an image that a container names, or named.
 */
export interface TarballStanding {
  /**
   * Null for the url of a container that names none.
   */
  architecture: string | null
  /**
   * present, gone: in our own store. elsewhere: nobody looked. unknown: our store did not answer.
   */
  status: 'present' | 'gone' | 'elsewhere' | 'unknown'
  /**
   * Its path below /storage; null elsewhere.
   */
  key: string | null
  /**
   * When it is removed, unless a container names it then (LEPORELLO_DELETE_GRACE).
   */
  due: string | null
}
/**
 * Who asked for a change, as far as a request tells.
 */
export interface EntryAuthor {
  /**
   * By which interface; background: without a request.
   */
  face: 'mozart' | 'api' | 'dav' | 'background'
  address: string | null
  /**
   * User-Agent.
   */
  agent: string | null
  /**
   * X-Request-Id.
   */
  request: string | null
}
/**
 * The last removed first.
 */
export interface DeletedPage {
  items: DeletedContainer[]
  /**
   * The cursor of the next page; null on the last one. A page may be short, and still have a next one.
   */
  next: string | null
}
/**
 * What is different between two revisions.
 */
export interface DiffAnswer {
  container: string
  /**
   * The revision; null where there was nothing.
   */
  from: string | null
  to: string | null
  /**
   * Both mean the same, however they are written.
   */
  same: boolean
  /**
   * In words.
   */
  summary: string
  changes: RecordChange[]
}
export interface RecordChange {
  kind: 'added' | 'removed' | 'changed'
  what: 'container' | 'version' | 'digest' | 'url' | 'image'
  /**
   * Whose image was changed.
   */
  architecture: string | null
  before: string | null
  after: string | null
  message: string
}
export interface DiffQuery {
  /**
   * A revision that the history names, the id of an entry, or `current`.
   */
  from: string
  /**
   * The same.
   */
  to?: string
}
export interface DoneReply {
  success: boolean
  message: string
  /**
   * The id, where there is a result at all.
   */
  result?: string | null
  [k: string]: unknown
}
export interface DownloadQuery {
  /**
   * Leads to the whole container as one OCI layout; without it, the tarball as it came.
   */
  format?: 'oci'
}
export interface DryRunQuery {
  /**
   * Tell what would happen, and change nothing.
   */
  dryRun?: boolean
}
/**
 * As Elasticsearch and OpenSearch answer; they may add members.
 */
export interface EngineDocument {
  _index: string
  _id: string
  _version?: number
  _seq_no?: number
  _primary_term?: number
  found: boolean
  /**
   * The document, byte for byte as it was stored.
   */
  _source?: {
    [k: string]: unknown
  }
  [k: string]: unknown
}
export interface EventHeaders {
  /**
   * The id of the last event that the client had.
   */
  'last-event-id'?: string
  [k: string]: unknown
}
export interface EventQuery {
  /**
   * Only of containers whose id matches; * and ? stand for anything and any character.
   */
  container?: string
  /**
   * Only of these kinds, separated by commas: record, expected, pending, build, test, verdict, state.
   */
  kind?: string
  /**
   * The id of an event, or a time: what came after it is told first. Last-Event-ID goes before it.
   */
  since?: string
}
/**
 * The architectures that a container shall have, after a change.
 */
export interface ExpectedAnswer {
  container: string
  /**
   * By OCI name, in the table's order.
   */
  architectures: string[]
  /**
   * Who says so: somebody of this very container, a rule (LEPORELLO_RULES), the server's default (LEPORELLO_EXPECTED), or nobody.
   */
  from: 'container' | 'rule' | 'default' | 'none'
  /**
   * The rule's.
   */
  pattern: string | null
  /**
   * Null where a rule or the default says so.
   */
  since: string | null
  /**
   * Who said it, as far as a request tells.
   */
  by: string | null
  /**
   * Of what stands beside the container; also the ETag. Null while nothing does.
   */
  revision: string | null
  /**
   * Whether that was said before.
   */
  unchanged: boolean
}
/**
 * The architectures that a container shall have, in any of their spellings; or what `kubectl get nodes -o json` prints. As text: bare names, one a line, of architectures that are known here.
 */
export interface ExpectedPut {
  /**
   * An empty list: none, whatever a rule says.
   *
   * @maxItems 64
   */
  architectures: ArchitectureName[]
}
export interface ExpectedQuery {
  /**
   * configmap: as YAML for `kubectl apply`; so does Accept: application/yaml.
   */
  format?: 'json' | 'configmap'
  /**
   * The ConfigMap's; default made of the id.
   */
  name?: string
  namespace?: string
}
/**
 * The architectures that a container shall have.
 */
export interface ExpectedView {
  container: string
  /**
   * By OCI name, in the table's order.
   */
  architectures: string[]
  /**
   * Who says so: somebody of this very container, a rule (LEPORELLO_RULES), the server's default (LEPORELLO_EXPECTED), or nobody.
   */
  from: 'container' | 'rule' | 'default' | 'none'
  /**
   * The rule's.
   */
  pattern: string | null
  /**
   * Null where a rule or the default says so.
   */
  since: string | null
  /**
   * Who said it, as far as a request tells.
   */
  by: string | null
  /**
   * Of what stands beside the container; also the ETag. Null while nothing does.
   */
  revision: string | null
}
/**
 * Something that does not fit between records, what is known of their images, and tarballs.
 */
export interface FsckFinding {
  type: 'finding'
  kind: 'missing' | 'changed' | 'orphaned' | 'unnamed' | 'half-uploaded' | 'facts-about-nothing' | 'tasks-about-nothing'
  /**
   * What it is about: a path below /storage, the name of a leftover, the id of an upload or of a document.
   */
  name: string
  container: string | null
  architecture: string | null
  size: number | null
  /**
   * When it came.
   */
  since: string | null
  /**
   * What was found, for people.
   */
  message: string
  /**
   * later: when it is old enough. none: a program cannot mend it.
   */
  repair: 'done' | 'possible' | 'later' | 'none'
  /**
   * What a repair does, or what else there is to do, for people.
   */
  advice: string
}
/**
 * Something to know that is not wrong, such as an upload that can go on.
 */
export interface FsckNote {
  type: 'note'
  name: string
  message: string
}
/**
 * The last line: how much was looked at, and what was found.
 */
export interface FsckSummary {
  type: 'summary'
  /**
   * Nothing is wrong, or not any more.
   */
  clean: boolean
  /**
   * How many findings of each kind.
   */
  found: {
    [k: string]: number
  }
  repaired: number
  checked: {
    containers: number
    objects: number
    facts: number
    tasks: number
    uploads: number
  }
}
export interface FsckQuery {
  /**
   * Read every byte of every tarball.
   */
  deep?: 'true' | 'false'
}
export interface FsckRepairQuery {
  /**
   * Kinds of findings, separated by commas: missing, changed, orphaned, unnamed, half-uploaded, facts-about-nothing, tasks-about-nothing.
   */
  repair: string
  /**
   * Read every byte of every tarball.
   */
  deep?: 'true' | 'false'
}
export interface GuardParameters {
  /**
   * Percent-encoded.
   */
  id: string
  /**
   * Percent-encoded.
   */
  architecture: string
  [k: string]: unknown
}
export interface Health {
  ok: boolean
  /**
   * In words, when not ok.
   */
  reason?: string
}
/**
 * An entry with whole documents.
 */
export interface HistoryDocument {
  id: string
  container: string
  /**
   * What it is about; record: the container's document.
   */
  kind: 'record' | 'expected' | 'pending' | 'build' | 'test' | 'verdict' | 'state'
  /**
   * created, changed, removed, relabelled, restored, noticed (not through this service), …
   */
  what: string
  /**
   * Its place among all: later entries have greater ones. Also the id of the event.
   */
  order: string
  /**
   * ISO 8601.
   */
  at: string
  by: EntryAuthor
  /**
   * Why, as X-Reason said.
   */
  reason: string | null
  architecture: string | null
  /**
   * In words.
   */
  summary: string
  /**
   * The record's, after it; null where there is none.
   */
  revision: string | null
  /**
   * The record's, before it; null where there was none.
   */
  previous: string | null
  /**
   * Of what the record means after it.
   */
  fingerprint: string | null
  /**
   * The whole document; null where there was none.
   */
  before:
    | {
        [k: string]: unknown
      }
    | unknown[]
    | string
    | null
  /**
   * The whole document; null where there is none.
   */
  after:
    | {
        [k: string]: unknown
      }
    | unknown[]
    | string
    | null
}
/**
 * What happened to a container, once for each change of meaning.
 */
export interface HistoryEntry {
  id: string
  container: string
  /**
   * What it is about; record: the container's document.
   */
  kind: 'record' | 'expected' | 'pending' | 'build' | 'test' | 'verdict' | 'state'
  /**
   * created, changed, removed, relabelled, restored, noticed (not through this service), …
   */
  what: string
  /**
   * Its place among all: later entries have greater ones. Also the id of the event.
   */
  order: string
  /**
   * ISO 8601.
   */
  at: string
  by: EntryAuthor
  /**
   * Why, as X-Reason said.
   */
  reason: string | null
  architecture: string | null
  /**
   * In words.
   */
  summary: string
  /**
   * The record's, after it; null where there is none.
   */
  revision: string | null
  /**
   * The record's, before it; null where there was none.
   */
  previous: string | null
  /**
   * Of what the record means after it.
   */
  fingerprint: string | null
  /**
   * In short words.
   */
  before: string | null
  /**
   * In short words.
   */
  after: string | null
}
/**
 * The newest first.
 */
export interface HistoryPage {
  items: HistoryEntry[]
  /**
   * The cursor of the next page; null on the last one.
   */
  next: string | null
  /**
   * What was removed of it, because it was too much or too old (LEPORELLO_HISTORY_ENTRIES, LEPORELLO_HISTORY_KEEP); null: nothing.
   */
  cut: {
    /**
     * How many entries.
     */
    entries: number
    /**
     * When the last of them was written.
     */
    until: string
  } | null
}
export interface HistoryParameters {
  /**
   * Percent-encoded; 1 to 512 bytes of UTF-8.
   */
  id: string
  /**
   * A revision of the record, or the id of an entry.
   */
  revision: string
}
export interface HistoryQuery {
  /**
   * Only entries of this kind.
   */
  kind?: 'record' | 'expected' | 'pending' | 'build' | 'test' | 'verdict' | 'state'
  limit?: number
  /**
   * `next` of the page before.
   */
  cursor?: string
}
export interface IdParameter {
  /**
   * Percent-encoded; 1 to 512 bytes of UTF-8.
   */
  id: string
}
export interface IdQuery {
  id: string
  [k: string]: unknown
}
export interface IdsReply {
  success: boolean
  message: string
  /**
   * Ids; in order where there are at most 20,000.
   */
  result: string[]
  [k: string]: unknown
}
/**
 * The container and the image as they stand after a change.
 */
export interface ImageAnswer {
  container: ContainerView
  image: ImageView
  /**
   * Whether the record said all this before.
   */
  unchanged: boolean
  /**
   * The tarballs in our own store that it ceased to name.
   */
  released: ReleasedTarball[]
  /**
   * Whether it waits to be published with the others.
   */
  pending: boolean
}
/**
 * An image by its URL.
 */
export interface ImageByUrl {
  url: string
  /**
   * What docker, or a registry, calls its digest; a new container needs one.
   */
  digest?: string
  /**
   * Default: as it is, or the tag of the id.
   */
  version?: string
}
/**
 * A tarball in a form.
 */
export interface ImageForm {
  file: string
  version?: string
  /**
   * Of the tarball, of its configuration or of a manifest in it.
   */
  digest?: string
  architecture?: ArchitectureName
}
/**
 * The image of another container.
 */
export interface ImageFrom {
  from: ContainerId2
}
export interface ImageParameters {
  /**
   * Percent-encoded; 1 to 512 bytes of UTF-8.
   */
  id: string
  /**
   * Under any of its names; arm/v7 as arm%2Fv7 or arm-v7.
   */
  architecture: string
}
/**
 * One file of an image, and what it is.
 */
export interface ImageReportFile {
  /**
   * Why it decides; null when it was only asked for.
   */
  role: 'entrypoint' | 'command' | 'shell' | 'interpreter' | 'loader' | null
  /**
   * As the configuration, a script, a program or the question names it.
   */
  named: string
  /**
   * Where that leads in the image; null when it leads nowhere.
   */
  path: string | null
  /**
   * The symbolic links on the way.
   */
  links: string[]
  kind: 'elf' | 'script' | 'data' | 'directory' | 'windows-executable' | 'macos-executable' | 'wasm-module' | 'absent'
  architecture: string | null
  /**
   * Of an ELF file: executable, shared, object, core, other.
   */
  type: string | null
  /**
   * The loader of an ELF file, the #! line of a script.
   */
  interpreter: string | null
  /**
   * In which image, by its place in images.
   */
  image?: number
}
/**
 * One image of an archive.
 */
export interface ImageReportImage {
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable'
  summary: string
  claimed: string | null
  architecture: string | null
  formats: ('docker-archive' | 'oci-layout')[]
  /**
   * What the image says of itself; null when its configuration cannot be read.
   */
  config: {
    digest: string
    size: number
    os: string | null
    architecture: string | null
    variant: string | null
    created: string | null
    author: string | null
    entrypoint: string[]
    command: string[]
    shell: string[]
    path: string | null
    workingDirectory: string | null
    user: string | null
    labels: {
      [k: string]: string
    }
    /**
     * Which member of the archive holds it, links followed; null for what no member is.
     */
    member: string | null
  } | null
  manifest: {
    digest: string
    size: number
    mediaType: string
    /**
     * The archive holds none; this is the digest of the OCI manifest with this configuration and these layers, uncompressed.
     */
    derived: boolean
    /**
     * Which member of the archive holds it, links followed; null for what no member is.
     */
    member: string | null
  } | null
  tags: string[]
  /**
   * The base image, when labels or annotations tell.
   */
  base: {
    name: string | null
    digest: string | null
  } | null
  layers: {
    name: string
    mediaType: string
    compression: 'none' | 'gzip' | 'zstd' | null
    digest: string | null
    size: number | null
    diffId: string | null
    unpackedSize: number | null
    configuredDiffId: string | null
    createdBy: string | null
    /**
     * Which member of the archive holds it, links followed; null for what no member is.
     */
    member: string | null
  }[]
  /**
   * What is run whenever the image is.
   */
  decisive: ImageReportFile[]
  census: {
    /**
     * ELF files in the image.
     */
    files: number
    machines: {
      architecture: string
      files: number
      samples: string[]
    }[]
    native: number
    /**
     * For other machines, and nothing to be surprised of: they change no verdict.
     */
    foreign: {
      files: number
      listed: {
        path: string
        architecture: string
        why: 'device' | 'firmware' | 'kernel' | 'emulator' | 'other-platform' | 'test-data' | 'compatible'
      }[]
    }
    /**
     * Shared libraries for another machine: they make an image mixed.
     */
    wrongLibraries: {
      files: number
      samples: string[]
    }
    /**
     * Other files for another machine: odd, but they decide nothing.
     */
    strays: {
      files: number
      samples: string[]
    }
  }
}
/**
 * What reading an image archive proved.
 */
export interface ImageReport {
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable'
  /**
   * The verdict in words, with paths.
   */
  summary: string
  /**
   * What it was said to be; null when the configurations were the claim.
   */
  claimed: string | null
  /**
   * What the bytes are for, where they agree.
   */
  architecture: string | null
  formats: ('docker-archive' | 'oci-layout')[]
  tarball: {
    size: number
    sha256: string | null
    compression: 'none' | 'gzip' | 'zstd'
    unpackedSize: number
    members: number
  }
  images: ImageReportImage[]
  indexes: string[]
  /**
   * What an index names and the archive does not hold.
   */
  absent: {
    digest: string
    platform: string
  }[]
  problems: {
    code: string
    message: string
    /**
     * It makes what it concerns unreadable.
     */
    fatal: boolean
  }[]
  problemsOmitted: number
  /**
   * What in the archive has the digest that was asked for.
   */
  digest?: {
    given: string
    matches: {
      what: 'tarball' | 'index' | 'manifest' | 'derived-manifest' | 'config' | 'layer' | 'diff-id' | 'absent'
      image: number | null
      architecture: string | null
    }[]
  }
  /**
   * What the path that was asked for is, in each image.
   */
  files?: ImageReportFile[]
}
/**
 * How the build or test of one architecture stands, after a word of it.
 */
export interface JobAnswer {
  container: string
  architecture: string
  status: 'pending' | 'running' | 'succeeded' | 'failed'
  /**
   * Why, in words.
   */
  reason: string | null
  /**
   * Where to read more.
   */
  log: string | null
  /**
   * What the image is built from.
   */
  source: {
    [k: string]: string
  } | null
  /**
   * Where it runs.
   */
  machine: null | Machine
  /**
   * By the job's clock.
   */
  started: string | null
  /**
   * By the job's clock.
   */
  finished: string | null
  /**
   * When the newest word of it came, by our clock.
   */
  reported: string
  /**
   * When the first word of this run came.
   */
  begun: string
  /**
   * The URL of the image that the container had then.
   */
  image: string | null
  /**
   * It runs on another machine than it is for.
   */
  emulated: boolean
  /**
   * It is said to go on, but nothing was heard of it for too long (buildTimeoutMs of a rule, else six hours).
   */
  stale: boolean
  /**
   * Whether nothing was written: it was said before, or is about a run that was overtaken.
   */
  unchanged: boolean
}
export interface Machine {
  name: string | null
  /**
   * The machine's own, whatever it builds for.
   */
  architecture: string | null
  emulated: boolean
}
/**
 * How the builds or tests of a container stand.
 */
export interface JobList {
  container: string
  items: Job[]
}
/**
 * How the build or test of one architecture stands.
 */
export interface Job {
  container: string
  architecture: string
  status: 'pending' | 'running' | 'succeeded' | 'failed'
  /**
   * Why, in words.
   */
  reason: string | null
  /**
   * Where to read more.
   */
  log: string | null
  /**
   * What the image is built from.
   */
  source: {
    [k: string]: string
  } | null
  /**
   * Where it runs.
   */
  machine: null | Machine
  /**
   * By the job's clock.
   */
  started: string | null
  /**
   * By the job's clock.
   */
  finished: string | null
  /**
   * When the newest word of it came, by our clock.
   */
  reported: string
  /**
   * When the first word of this run came.
   */
  begun: string
  /**
   * The URL of the image that the container had then.
   */
  image: string | null
  /**
   * It runs on another machine than it is for.
   */
  emulated: boolean
  /**
   * It is said to go on, but nothing was heard of it for too long (buildTimeoutMs of a rule, else six hours).
   */
  stale: boolean
}
/**
 * What a build or test job says of one architecture. Later words of a run need not repeat what earlier ones said.
 */
export interface JobPut {
  status: 'pending' | 'running' | 'succeeded' | 'failed'
  /**
   * For people; its first 2000 characters are kept.
   */
  reason?: string | null
  log?: string | null
  /**
   * What the image is built from, by name of the input: a commit, digests of files and of the base image. A bare string is a commit.
   */
  source?:
    | {
        [k: string]: string | null
      }
    | string
    | null
  /**
   * Where it runs. A bare string is its name, or what `uname -m` says there.
   */
  machine?:
    | {
        name?: string | null
        /**
         * The machine's own.
         */
        architecture?: ArchitectureName | null
        emulated?: boolean | null
      }
    | string
    | null
  /**
   * Empty is the same as null: what a script writes that does not know it.
   */
  started?: (string | null) | ''
  /**
   * Empty is the same as null: what a script writes that does not know it.
   */
  finished?: (string | null) | ''
}
/**
 * For kubectl apply -f -.
 */
export interface KubernetesList {
  apiVersion: string
  kind: string
  items: {
    [k: string]: unknown
  }[]
  [k: string]: unknown
}
export interface LayoutQuery {
  /**
   * As what: one OCI layout in a tar is what there is.
   */
  format: 'oci'
}
export interface ListQuery {
  /**
   * A pattern with * and ? for the id, or for what of it stands before the tag.
   */
  name?: string
  /**
   * A pattern with * and ?.
   */
  version?: string
  /**
   * It has an image for this architecture, by whatever name.
   */
  architecture?: string
  /**
   * This architecture is expected and has not arrived.
   */
  missing?: string
  state?: 'complete' | 'partial' | 'degraded'
  /**
   * Of any of its images.
   */
  verdict?: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * Words that stand in the id or the version, in whatever case.
   */
  q?: string
  /**
   * Descending with a minus before it.
   */
  sort?: 'id' | '-id' | 'version' | '-version' | 'created' | '-created' | 'updated' | '-updated'
  /**
   * Members to send, separated by commas.
   */
  fields?: string
  limit?: number
  /**
   * `next` of the page before, with the same filters and order.
   */
  cursor?: string
}
export interface LiveReport {
  live: boolean
}
export interface ManifestDescriptor {
  mediaType: string
  size: number
  digest: string
  platform: {
    architecture: string
    os: string
    variant?: string
  }
}
/**
 * A container as an OCI index or a Docker manifest list, from what reading its images proved and nothing else.
 */
export interface ManifestList {
  schemaVersion: number
  mediaType: string
  manifests: ManifestDescriptor[]
  /**
   * Whether a registry serves these manifests; none does yet.
   */
  pullable: boolean
  /**
   * Of which images the manifest is the one that their configuration and layers make, as their tarballs hold none.
   */
  derived: string[]
  unproven: {
    architecture: string
    why: string
  }[]
}
export interface ManifestQuery {
  /**
   * Default: oci.
   */
  format?: 'oci' | 'docker'
}
export interface MozartRefusal {
  success: boolean
  message: string
  /**
   * Null, or absent.
   */
  result?: null
  [k: string]: unknown
}
export interface OpenApiDocument {
  openapi: string
  info: {
    [k: string]: unknown
  }
  paths: {
    [k: string]: unknown
  }
  [k: string]: unknown
}
export interface PageQuery {
  limit?: number
  /**
   * `next` of the page before.
   */
  cursor?: string
}
/**
 * One step an architecture, in the same order whatever the order of the sources.
 */
export interface PlanAnswer {
  container: string
  build: string[]
  reuse: string[]
  steps: PlanStep[]
}
export interface PlanStep {
  architecture: string
  action: 'build' | 'reuse'
  /**
   * For programs: why.
   */
  code: string
  /**
   * For people: why.
   */
  reason: string
  /**
   * Of the image that is reused.
   */
  url: string | null
  source: {
    [k: string]: string
  }
}
/**
 * For format=kubernetes: what a build runs in.
 */
export interface PlanJob {
  image: string
  /**
   * @minItems 1
   * @maxItems 100
   */
  command: [string, ...string[]]
  namespace?: string
  serviceAccount?: string
  /**
   * Where the job reports to, as LEPORELLO_URL; default: this server.
   */
  url?: string
}
export interface PlanQuery {
  /**
   * Default: json. jenkins: an axis of a matrix. kubernetes: Jobs bound to machines by kubernetes.io/arch, as a List.
   */
  format?: 'json' | 'jenkins' | 'kubernetes'
}
/**
 * What an image is built from, each input by its name: commit, containerfile, base, or whatever else decides about it.
 */
export interface PlanSource {
  [k: string]: string
}
/**
 * What is to be built, and from what.
 */
export interface Plan {
  container: ContainerId
  /**
   * By architecture; what stands under * is every expected one's.
   */
  sources: {
    [k: string]: PlanSource
  }
  job?: PlanJob
}
export interface PrettyParameter {
  /**
   * Indented, for people. Its name alone is enough.
   */
  pretty?: string
  [k: string]: unknown
}
export interface ReadyReport {
  ready: boolean
  /**
   * By what was checked.
   */
  checks: {
    [k: string]: Health
  }
}
/**
 * What may be said of any change.
 */
export interface ReasonHeaders {
  /**
   * Why; its first 1000 characters are kept in the history.
   */
  'X-Reason'?: string
  [k: string]: unknown
}
export interface Refusal {
  /**
   * What is wrong, and what was expected.
   */
  message: string
  [k: string]: unknown
}
/**
 * The container as it was, and what its removal means for others.
 */
export interface RemovalAnswer {
  /**
   * False in a dry run.
   */
  removed: boolean
  container: ContainerView
  warnings: Warning[]
  /**
   * The tarballs in our own store that it ceased to name.
   */
  released: ReleasedTarball[]
}
export interface Warning {
  /**
   * For programs: `named_by_job_specs`; `gone`: a tarball is not in the store any more; `unknown`: the store does not answer whether it is.
   */
  code: string
  /**
   * For people.
   */
  message: string
  /**
   * The first of the documents that it is about.
   */
  ids?: string[]
  /**
   * The architecture that it is about.
   */
  architecture?: string | null
}
export interface ReportQuery {
  /**
   * Read the bytes again and tell what this path is in them.
   */
  path?: string
}
export interface ResolutionQuery {
  /**
   * The architecture of a machine, as it calls itself or as OCI does.
   */
  arch: string
  /**
   * Give the image though its bytes are another architecture's, or it is gone.
   */
  force?: boolean
}
export interface ResolutionReply {
  success: boolean
  message: string
  result: Resolution
  [k: string]: unknown
}
export interface ResolveQuery {
  id: string
  /**
   * The architecture of a machine, as it calls itself or as OCI does.
   */
  arch: string
  /**
   * Give the image though its bytes are another architecture's, or it is gone.
   */
  force?: 'true' | 'false'
  /**
   * text: the URL alone, for shell scripts; so does an Accept whose first type is text/plain.
   */
  format?: 'json' | 'text'
  [k: string]: unknown
}
export interface RestoreAnswer {
  container: ContainerView
  /**
   * It meant all this before, so nothing was written.
   */
  unchanged: boolean
  warnings: Warning[]
}
export interface Restore {
  /**
   * A revision that the history names, or the id of an entry: what stood there is registered again.
   */
  revision: string
}
/**
 * A tarball that arrives in pieces.
 */
export interface ResumableUpload {
  /**
   * Its id: the last segment of its address.
   */
  upload: string
  container: string
  /**
   * As it was said; null: what its bytes are for.
   */
  architecture: string | null
  version: string | null
  filename: string | null
  /**
   * Of the tarball, hexadecimal, as it was said.
   */
  sha256: string | null
  /**
   * How many bytes are kept for good.
   */
  offset: number
  size: number
  /**
   * proving: every byte has come, and they are being read, or soon will be; an empty PATCH waits for the end of it.
   */
  state: 'arriving' | 'proving' | 'registered' | 'refused'
  created: string
  /**
   * When it is forgotten, unless something comes.
   */
  expires: string
  /**
   * What it was registered as, at the time.
   */
  result: {
    architecture: string
    version: string
    url: string
    /**
     * Of the tarball, hexadecimal.
     */
    sha256: string
    verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
    /**
     * The verdict in words.
     */
    summary: string
    /**
     * Whether the architecture had no image before.
     */
    created: boolean
    /**
     * Whether the record said all this before.
     */
    unchanged: boolean
    revision: string
  } | null
  /**
   * Why it was not registered.
   */
  refusal: {
    code: string
    detail: string
  } | null
}
export interface SpecAdd {
  /**
   * The specification: a JSON object with an id, in a string.
   */
  spec: string
  [k: string]: unknown
}
export interface SpecImage {
  role: 'container' | 'dependency'
  name: string | null
  /**
   * On which a worker gets an image that it can run; null where nobody can tell.
   */
  architectures: string[] | null
  certain: boolean
  /**
   * Further ones, if the spec held the urls that the catalogue has.
   */
  fillable: string[]
  message: string
}
export interface SpecReply {
  success: boolean
  message: string
  /**
   * The specification, with every digit and in the order it was stored.
   */
  result: {
    [k: string]: unknown
  }
  [k: string]: unknown
}
/**
 * On which architectures a job can run.
 */
export interface SpecReport {
  /**
   * Null where none of its images tells.
   */
  architectures: string[] | null
  /**
   * Where it could, were container_image_urls filled from the catalogue.
   */
  ifFilled: string[] | null
  certain: boolean
  images: SpecImage[]
  /**
   * Dependency images for one architecture only.
   */
  single: string[]
  /**
   * Dependency images of which nothing is known.
   */
  unknown: string[]
  summary: string
}
export interface StorageParameters {
  /**
   * The path of a tarball: segments between slashes, each percent-encoded.
   */
  '*': string
  [k: string]: unknown
}
/**
 * One event of the stream.
 */
export interface StreamEvent {
  /**
   * Where to go on.
   */
  id?: string
  event: 'record' | 'expected' | 'pending' | 'build' | 'test' | 'verdict' | 'state' | 'end'
  /**
   * JSON: an entry of the history; of end, why it ends and where to go on.
   */
  data: string
  /**
   * In milliseconds.
   */
  retry?: number
}
export interface TarballQuery {
  /**
   * Default: as it is, or the tag of the id.
   */
  version?: string
  /**
   * What the tarball is called; its stem stands in its URL.
   */
  filename?: string
  /**
   * Of the tarball: sha256:… (or Content-Digest, Repr-Digest).
   */
  digest?: string
  /**
   * Tell what would be stored and registered, and keep nothing.
   */
  dryRun?: boolean
}
export interface UnavailableReport {
  message: string
  container: string
  /**
   * As it stands in the address.
   */
  architecture: string
  /**
   * The architectures that the container has images for.
   */
  available: string[]
}
/**
 * What tus wants to know of a piece.
 */
export interface UploadAppendHeaders {
  /**
   * The version of the protocol.
   */
  'Tus-Resumable': '1.0.0'
  /**
   * Where in the tarball it begins: what came before it, as HEAD tells.
   */
  'Upload-Offset': number
  [k: string]: unknown
}
/**
 * What tus wants to know of a new upload.
 */
export interface UploadCreateHeaders {
  /**
   * The version of the protocol.
   */
  'Tus-Resumable': '1.0.0'
  /**
   * The size of the tarball.
   */
  'Upload-Length': number
  /**
   * Names and values in base64, between commas: `id` of the container, and maybe `architecture`, `version`, `filename` and `sha256`.
   */
  'Upload-Metadata': string
  [k: string]: unknown
}
/**
 * What tus wants of any request.
 */
export interface UploadHeaders {
  /**
   * The version of the protocol.
   */
  'Tus-Resumable': '1.0.0'
  [k: string]: unknown
}
export interface UploadParameters {
  /**
   * The last segment of the Location.
   */
  upload: string
  [k: string]: unknown
}
export interface UploadsQuery {
  /**
   * Only those for this container.
   */
  id?: string
  /**
   * Only those of this tarball; hexadecimal.
   */
  sha256?: string
}
export interface Uploads {
  items: ResumableUpload[]
}
export interface VersionReport {
  version: string
  /**
   * What the program was built from; null when nobody said so.
   */
  commit: string | null
  store: 'embedded' | 'elasticsearch'
  /**
   * Name and version; null while the engine does not answer.
   */
  engine: string | null
}
/**
 * Where a container stands when waiting ended.
 */
export interface WaitAnswer {
  container: string
  for: 'complete' | 'degraded' | 'settled'
  /**
   * The one that matters; null: all.
   */
  architecture: string | null
  /**
   * Whether it is so. False: time is up.
   */
  reached: boolean
  /**
   * Of the container, or of the one architecture.
   */
  state: 'complete' | 'partial' | 'degraded'
  /**
   * The architectures that the container shall have.
   */
  expected: string[]
  /**
   * Those whose image has not arrived.
   */
  missing: string[]
  reasons: Reason[]
  revision: string | null
}
export interface WaitQuery {
  /**
   * settled: complete or degraded.
   */
  for?: 'complete' | 'degraded' | 'settled'
  /**
   * Only this one matters, and it is awaited though nobody expects it.
   */
  architecture?: string
  /**
   * In seconds; 0 tells how it stands now.
   */
  timeout?: number
}
