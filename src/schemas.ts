/* Generated from schemas/ by `npm run generate`. Do not edit. */

/**
 * An architecture under any of its names: arm64, aarch64, linux/arm64/v8. Their case does not matter.
 */
export type ArchitectureName = string
/**
 * A whole container. Images that are not named here are no longer its images. It has a url, or at least one of images.
 */
export type BatchContainer = (
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
   * Default: that of the record, or the tag of the id.
   */
  version?: string
  /**
   * Default: that of the amd64 image, else of the first architecture that has one, else of the record.
   */
  digest?: string
  /**
   * What x86_64 machines run. Default: the amd64 image.
   */
  url?: string
  /**
   * By any name of the architecture.
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
 * 1 to 512 bytes of UTF-8, not . or ..
 */
export type ContainerId = string
/**
 * 1 to 512 bytes of UTF-8, not . or ..
 */
export type ContainerId1 = string
/**
 * What is done to one container. Several items of one container are applied in their order.
 */
export type BatchItem = BatchPut | BatchPatch | BatchDelete | BatchPutImage | BatchCopyImage | BatchDeleteImage
/**
 * The set that a channel is moved to.
 */
export type ChannelPut = {
  /**
   * The ids of the images, one a repository. Either this or from.
   *
   * @minItems 1
   * @maxItems 2000
   */
  set?: [string, ...string[]]
  from?: SetSource
  to?: PromotionTarget
  /**
   * What each image must be: complete (an image for each expected architecture), proven (its bytes were read and match), tested (a successful test result for each expected architecture).
   *
   * @maxItems 3
   */
  require?:
    | []
    | ['complete' | 'proven' | 'tested']
    | ['complete' | 'proven' | 'tested', 'complete' | 'proven' | 'tested']
    | ['complete' | 'proven' | 'tested', 'complete' | 'proven' | 'tested', 'complete' | 'proven' | 'tested']
  /**
   * Leave the repositories in the channel that the new set lacks; else they lose the tag.
   */
  keep?: boolean
  /**
   * Why; kept in the history. Instead of the header X-Reason.
   */
  reason?: string
} & {
  [k: string]: unknown
}
/**
 * A whole container. Images that are not named here are no longer its images. It has a url, or at least one of images.
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
   * Default: that of the record, or the tag of the id.
   */
  version?: string
  /**
   * Default: that of the amd64 image, else of the first architecture that has one, else of the record.
   */
  digest?: string
  /**
   * What x86_64 machines run. Default: the amd64 image.
   */
  url?: string
  /**
   * By any name of the architecture.
   */
  images?: {
    [k: string]: ImageRegistration
  }
  /**
   * The architectures that it is expected to have. null leaves it to the rules and the server's default. Default: as before.
   *
   * @maxItems 64
   */
  expected?: ArchitectureName[] | null
  /**
   * When its images are published: each as it arrives, all expected ones together, or all together once they are verified. null leaves it to the rules. Default: as before.
   */
  publish?: 'each' | 'all' | 'verified' | null
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
 * An image list as TripleO writes it, with its keys filled.
 */
export type ImageListFile =
  | {
      /**
       * @maxItems 5000
       */
      container_images: {
        imagename: string
        /**
         * Names of Heat parameters.
         */
        params?: string[] | null
        [k: string]: unknown
      }[]
      [k: string]: unknown
    }
  | {
      /**
       * @maxItems 5000
       */
      container_images_template: {
        imagename: string
        /**
         * Names of Heat parameters.
         */
        params?: string[] | null
        [k: string]: unknown
      }[]
      [k: string]: unknown
    }
/**
 * An image by its URL, or another container's.
 */
export type ImagePut = ImageByUrl | ImageFrom
/**
 * The plan; with format=kubernetes the Jobs that carry it out.
 */
export type PlanReply = PlanAnswer | KubernetesList
export type ReleasePost = {
  /**
   * 1 to 128 letters, digits, dots, dashes and underscores, the first no dot or dash. The name never means anything else.
   */
  name: string
  /**
   * Freeze the set of this channel.
   */
  channel?: string
  /**
   * Or these images.
   *
   * @minItems 1
   * @maxItems 2000
   */
  set?: [string, ...string[]]
  /**
   * What each image must be: complete (an image for each expected architecture), proven (its bytes were read and match), tested (a successful test result for each expected architecture).
   *
   * @maxItems 3
   */
  require?:
    | []
    | ['complete' | 'proven' | 'tested']
    | ['complete' | 'proven' | 'tested', 'complete' | 'proven' | 'tested']
    | ['complete' | 'proven' | 'tested', 'complete' | 'proven' | 'tested', 'complete' | 'proven' | 'tested']
  /**
   * Names of Heat parameters, by id.
   */
  params?: {
    [k: string]: string[]
  }
  /**
   * Why. Instead of the header X-Reason.
   */
  reason?: string
} & {
  [k: string]: unknown
}

/**
 * By file name.
 */
export interface Schemas {
  'access-report.json': AccessReport
  'api-start.json': ApiStart
  'architecture-name.json': ArchitectureName
  'architectures-answer.json': ArchitecturesAnswer
  'architectures-query.json': ArchitecturesQuery
  'backfill-item.json': BackfillItem
  'backfill-page.json': BackfillPage
  'backfill-query.json': BackfillQuery
  'badge.json': BadgeAnswer
  'batch-answer.json': BatchAnswer
  'batch-container.json': BatchContainer
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
  'channel-answer.json': ChannelAnswer
  'channel-containerfiles.json': ChannelContainerfiles
  'channel-diff-query.json': ChannelDiffQuery
  'channel-diff.json': ChannelDiff
  'channel-list.json': ChannelList
  'channel-parameter.json': ChannelParameter
  'channel-put.json': ChannelPut
  'channel-query.json': ChannelQuery
  'channel-rollback.json': ChannelRollback
  'channel-view.json': ChannelView
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
  'containerfile-parameter.json': ContainerfileParameter
  'containerfiles-query.json': ContainerfilesQuery
  'deleted-container.json': DeletedContainer
  'deleted-page.json': DeletedPage
  'demand-row.json': DemandRow
  'diff-answer.json': DiffAnswer
  'diff-query.json': DiffQuery
  'discover-query.json': DiscoverQuery
  'discovery-answer.json': DiscoveryAnswer
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
  'image-containerfiles.json': ImageContainerfiles
  'image-form.json': ImageForm
  'image-from.json': ImageFrom
  'image-list-file.json': ImageListFile
  'image-list-query.json': ImageListQuery
  'image-list.json': ImageList
  'image-parameters.json': ImageParameters
  'image-put.json': ImagePut
  'image-reading.json': ImageReading
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
  'promotion-page.json': PromotionPage
  'promotion-parameters.json': PromotionParameters
  'promotion-summary.json': PromotionSummary
  'promotion-target.json': PromotionTarget
  'promotion-view.json': PromotionView
  'promotions-query.json': PromotionsQuery
  'ready-report.json': ReadyReport
  'reason-headers.json': ReasonHeaders
  'reason.json': Reason
  'record-change.json': RecordChange
  'refusal.json': Refusal
  'release-list.json': ReleaseList
  'release-parameter.json': ReleaseParameter
  'release-post.json': ReleasePost
  'release-query.json': ReleaseQuery
  'release-view.json': ReleaseView
  'released-tarball.json': ReleasedTarball
  'removal-answer.json': RemovalAnswer
  'removal-query.json': RemovalQuery
  'render-query.json': RenderQuery
  'report-query.json': ReportQuery
  'resolution-query.json': ResolutionQuery
  'resolution-reply.json': ResolutionReply
  'resolution.json': Resolution
  'resolve-query.json': ResolveQuery
  'restore-answer.json': RestoreAnswer
  'restore.json': Restore
  'resumable-upload.json': ResumableUpload
  'set-difference.json': SetDifference
  'set-member.json': SetMember
  'set-source.json': SetSource
  'spec-add.json': SpecAdd
  'spec-image.json': SpecImage
  'spec-reply.json': SpecReply
  'spec-report.json': SpecReport
  'storage-parameters.json': StorageParameters
  'stream-event.json': StreamEvent
  'tarball-query.json': TarballQuery
  'tarball-standing.json': TarballStanding
  'unavailable-report.json': UnavailableReport
  'unknown-containerfiles.json': UnknownContainerfiles
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
 * Who the server takes the client for, and what it may do.
 */
export interface AccessReport {
  /**
   * What clients without a token may do (LEPORELLO_POLICY).
   */
  policy: 'open' | 'read' | 'none' | 'read-only'
  /**
   * token:NAME, user:NAME; null for anonymous.
   */
  identity: string | null
  /**
   * What this client may do.
   */
  scopes: ('read' | 'register' | 'delete' | 'admin')[]
  /**
   * Patterns of the ids and paths that it may change; null: any.
   */
  match: string[] | null
  /**
   * When its token expires; null: never.
   */
  expires: string | null
  /**
   * Why the token that it presented is not valid.
   */
  rejected: string | null
}
/**
 * Where to begin.
 */
export interface ApiStart {
  name: 'leporello'
  /**
   * Links to the rest, relative to this address.
   */
  links: {
    [k: string]: string
  }
}
/**
 * The architectures that machines asked for.
 */
export interface ArchitecturesAnswer {
  /**
   * The first day of the counts.
   */
  since: string
  architectures: DemandRow[]
}
export interface DemandRow {
  architecture: string
  /**
   * Its names in urls.
   */
  names: string[]
  asked: number
  answered: number
  refused: number
  /**
   * Containers that have no image for such machines, the most often refused first.
   */
  lacking: {
    container: string
    refused: number
  }[]
}
export interface ArchitecturesQuery {
  days: number
}
/**
 * A container that names no architectures, and what it becomes.
 */
export interface BackfillItem {
  id: string
  revision: string
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * The architecture that its bytes are proven to be for.
   */
  architecture: string | null
  before: {
    url: string
    /**
     * JSON in a string.
     */
    urls: string | null
  }
  /**
   * Null if nothing is proven and nothing would be written.
   */
  after: {
    url: string
    /**
     * JSON in a string.
     */
    urls: string
  } | null
  /**
   * For people: what is proven, or what to do if nothing is.
   */
  message: string
  written: boolean
}
export interface BackfillPage {
  items: BackfillItem[]
  /**
   * The cursor of the next page; an empty page may have one.
   */
  next: string | null
}
export interface BackfillQuery {
  /**
   * A pattern of * and ?.
   */
  id?: string
  /**
   * The records to look at.
   */
  limit: number
  /**
   * `next` of the page before.
   */
  cursor?: string
}
/**
 * As shields.io reads an endpoint badge, and the architectures.
 */
export interface BadgeAnswer {
  schemaVersion: number
  label: string
  /**
   * Those that are proven.
   */
  architectures: string[]
  message: string
  color: string
}
/**
 * The result of each item, in the order of the request.
 */
export interface BatchAnswer {
  /**
   * The number of items that changed something, or would (dry run).
   */
  applied: number
  results: BatchResult[]
  /**
   * Present when something was registered in another form than it was sent.
   */
  warnings?: Warning[]
}
export interface BatchResult {
  id: string
  /**
   * The status with which a request for this item alone would have been answered.
   */
  status: number
  unchanged: boolean
  /**
   * The container's revision afterwards; null if there is none.
   */
  revision?: string | null
  /**
   * Tarballs in our own store that the container no longer names. In an atomic batch the items of one container are one change, and each lists all of them.
   */
  released: ReleasedTarball[]
  problem?: Problem
}
/**
 * A tarball in our own store that the container no longer names.
 */
export interface ReleasedTarball {
  /**
   * Its path below /storage.
   */
  key: string
  container: string
  /**
   * When it is removed, unless a container names it by then (LEPORELLO_DELETE_GRACE).
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
   * The architectures that exist.
   */
  available?: string[]
}
export interface Warning {
  /**
   * For programs: `named_by_job_specs`; `gone`: a tarball is no longer in the store; `base_missing`: the base image has no image for it; `credentials_removed`: a URL held credentials for this server; `unknown`: the store did not answer.
   */
  code: string
  /**
   * For people.
   */
  message: string
  /**
   * The first documents that it is about.
   */
  ids?: string[]
  /**
   * The architecture that it is about.
   */
  architecture?: string | null
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
   * The revision that it must have; * for any.
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
   * The revision that it must have; * for any.
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
   * The revision that it must have; * for any.
   */
  ifMatch?: string
}
/**
 * One item of a batch.
 */
export interface BatchPut {
  id: ContainerId
  op: 'put'
  container: BatchContainer
  /**
   * The revision that it must have; * for any.
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
   * The revision that it must have; * for any.
   */
  ifMatch?: string
}
/**
 * Merged into the container as it is (RFC 7396).
 */
export interface ContainerPatch {
  /**
   * Default: that of the record, or the tag of the id.
   */
  version?: string
  /**
   * Default: that of the record.
   */
  digest?: string
  /**
   * What x86_64 machines run. Default: the amd64 image.
   */
  url?: string
  /**
   * By any name of the architecture. null takes an image away.
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
   * The digest that docker or a registry gives it; a new container needs one.
   */
  digest?: string
  /**
   * Default: that of the record, or the tag of the id.
   */
  version?: string
  /**
   * The revision that it must have; * for any.
   */
  ifMatch?: string
}
/**
 * Edits of several containers, all or none, or each by itself.
 */
export interface Batch {
  /**
   * Whether all items are applied or none. Default: true.
   */
  atomic?: boolean
  /**
   * @minItems 1
   * @maxItems 1000
   */
  items: [BatchItem, ...BatchItem[]]
  /**
   * Remove also what a channel or a release names.
   */
  force?: boolean
}
/**
 * Conditions and reason of a change of one record.
 */
export interface ChangeHeaders {
  /**
   * Entity tags in double quotes as ETag gives them, or *: change the record only while its revision is one of them or, with *, only if it exists. Not together with If-None-Match: *, which means: only if it does not exist. On the path of an image * is about that image, else about the container.
   */
  'If-Match'?: string
  /**
   * The reason; its first 1000 characters are kept in the history.
   */
  'X-Reason'?: string
  [k: string]: unknown
}
export interface ChannelAnswer {
  channel: ChannelView
  /**
   * Whether the channel had this set already.
   */
  unchanged: boolean
  /**
   * The records that were written, or would be.
   */
  written: string[]
  /**
   * The records that lost the tag, or would.
   */
  removed: string[]
}
export interface ChannelView {
  channel: string
  /**
   * 1 for the first promotion, then one more for each.
   */
  number: number
  at: string
  by: EntryAuthor
  /**
   * Why.
   */
  reason: string | null
  /**
   * Where the set came from; empty for a list of ids. promotion: the number of an earlier one.
   */
  from: {
    [k: string]: string | number
  }
  require: string[]
  /**
   * The tag of the ids.
   */
  tag: string
  /**
   * Whether this removed the channel.
   */
  removed: boolean
  /**
   * How many images the set has.
   */
  images: number
  /**
   * Of the channel, for If-Match.
   */
  revision: string
  set: SetMember[]
}
/**
 * Who made a change, as far as the request tells.
 */
export interface EntryAuthor {
  /**
   * The interface; ui: a page; background: without a request.
   */
  face: 'mozart' | 'api' | 'dav' | 'oci' | 'ui' | 'background'
  /**
   * Who: token:NAME, user:NAME; null for anonymous.
   */
  identity: string | null
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
export interface SetMember {
  /**
   * The id in the set.
   */
  id: string
  /**
   * The id that it was read from.
   */
  from: string
  /**
   * The id under which it was registered first.
   */
  origin: string
  /**
   * Of the record that it was read from.
   */
  revision: string
  version: string
  /**
   * The record's.
   */
  digest: string
  /**
   * Whether the record names architectures.
   */
  named: boolean
  /**
   * By architecture.
   */
  images: {
    [k: string]: {
      url: string
      /**
       * Of the image's configuration, or as a client gave it.
       */
      digest: string | null
    }
  }
}
export interface ChannelContainerfiles {
  promotion: PromotionSummary
  items: ImageContainerfiles[]
  /**
   * Images whose Containerfiles are not known, or not for each architecture.
   */
  left_out: UnknownContainerfiles[]
}
export interface PromotionSummary {
  channel: string
  /**
   * 1 for the first promotion, then one more for each.
   */
  number: number
  at: string
  by: EntryAuthor
  /**
   * Why.
   */
  reason: string | null
  /**
   * Where the set came from; empty for a list of ids. promotion: the number of an earlier one.
   */
  from: {
    [k: string]: string | number
  }
  require: string[]
  /**
   * The tag of the ids.
   */
  tag: string
  /**
   * Whether this removed the channel.
   */
  removed: boolean
  /**
   * How many images the set has.
   */
  images: number
}
export interface ImageContainerfiles {
  id: string
  /**
   * The id without its tag.
   */
  repository: string
  /**
   * The digests, by the name of the file: `Containerfile`, and one such as `Containerfile.arm64` for an architecture that is built from another.
   */
  files: {
    [k: string]: string
  }
}
export interface UnknownContainerfiles {
  id: string
  /**
   * The id without its tag.
   */
  repository: string
  reason: string
}
export interface ChannelDiffQuery {
  /**
   * The number of a promotion; default: the one before `to`.
   */
  from?: number
  /**
   * The number of a promotion; default: the last one.
   */
  to?: number
}
export interface ChannelDiff {
  from: number
  to: number
  differences: SetDifference[]
}
export interface SetDifference {
  repository: string
  before: SetMember | null
  after: SetMember | null
}
export interface ChannelList {
  items: PromotionSummary[]
}
export interface ChannelParameter {
  /**
   * The name of the channel.
   */
  channel: string
}
/**
 * Where a set comes from: one of these.
 */
export interface SetSource {
  /**
   * The set of this channel.
   */
  channel?: string
  /**
   * The set of this frozen release.
   */
  release?: string
  /**
   * Every repository that has this tag.
   */
  tag?: string
}
/**
 * Where the set goes, if not to the same repositories.
 */
export interface PromotionTarget {
  /**
   * What comes before the last slash of the new ids; empty for none.
   */
  namespace?: string
  /**
   * Put before the name, unless it begins with it.
   */
  name_prefix?: string
  /**
   * The tag of the new ids; default: the name of the channel.
   */
  tag?: string
}
export interface ChannelQuery {
  /**
   * Leave the records as they are.
   */
  keep?: boolean
  /**
   * Say what would happen, and change nothing.
   */
  dryRun?: boolean
}
export interface ChannelRollback {
  /**
   * The number of an earlier promotion; default: the one before the last.
   */
  to?: number
  /**
   * Why; kept in the history. Instead of the header X-Reason.
   */
  reason?: string
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
   * The URL of this service from outside; guard URLs and those of uploaded tarballs begin with it. Default: the address it listens on; for 0.0.0.0 and :: it must be set.
   */
  publicUrl?: string
  /**
   * A prefix of all paths, for a proxy that does not strip it.
   */
  prefix: string
  /**
   * The server's certificate, with those of its authorities below it: the server speaks https then. Read again when it changes.
   */
  tlsCert?: string
  /**
   * The private key of TLS_CERT, without a passphrase.
   */
  tlsKey?: string
  /**
   * The proxies in front: what they say in X-Forwarded-*, X-Script-Name and X-Scheme counts, and is ignored from everybody else.
   */
  trustedProxies: string[]
  /**
   * Origins of other sites whose pages may read /api/v1 and /storage, and write. Mozart's routes may be read by any page.
   */
  cors: string[]
  /**
   * The directory of the embedded store, and of tarballs unless OBJECTS_DIR is set.
   */
  data: string
  /**
   * The least important log lines to write.
   */
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /**
   * What clients without a token may do. open: everything, as with Mozart. read: read. none: nothing but health, version and guard URLs. read-only: read, and nobody may write, not even with a token, for switching a cluster over. Default: open where HOST is a loopback address, else read.
   */
  policy?: 'open' | 'read' | 'none' | 'read-only'
  /**
   * The file of tokens, which `leporello token` writes. It is read again when it changes, and need not exist. Default: the file tokens in DATA.
   */
  tokens?: string
  /**
   * The request header in which a trusted proxy names the user that it has authenticated. From other addresses it has no effect. Default: no header says who somebody is.
   */
  userHeader?: string
  /**
   * What users that a proxy names may do.
   */
  userScopes: ('read' | 'register' | 'delete' | 'admin')[]
  /**
   * The largest size of the embedded store's file; writes beyond it are refused. Default: as much as the disk holds.
   */
  dataLimit?: number
  /**
   * The largest request body that is read into memory. It must fit a form with a specification of 8 MiB, percent-encoded.
   */
  bodyLimit: number
  /**
   * How much memory the request bodies that are read into memory may take, all together; beyond it the answer is 503. Default: 256 MiB, or three times BODY_LIMIT where that is more.
   */
  bodyBudget?: number
  /**
   * How many connections may be open at once; beyond it idle ones are closed, and then the answer is 503. Default: half of the files that the process may open (ulimit -n) beyond 64, at most 4096.
   */
  connections?: number
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
   * Rules for containers by the pattern of their ids: which architectures to expect (expected), when to publish images (publish: each as it arrives, all together, or verified: all together when all are proven), which containers to bundle (bundle), how long a build may be silent (buildTimeoutMs) and an image may wait (pendingMs), whether a version that is complete can change (immutable), and what a promotion requires of an image that it gives a matching id (require: complete, proven, tested). Of several matching rules, the first that sets a value counts.
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
   * Where clients reach the S3 server, if that is not S3_ENDPOINT: they are sent there for large blobs. none: they do not reach it, and get everything from here.
   */
  s3PublicEndpoint?: string
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
   * What a tag of one pushed image is to registry clients that take an index: an index with that image, so that no machine takes another architecture's; or the image's manifest as it was pushed.
   */
  ociTags: 'index' | 'as-pushed'
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
   * For commands: the token that they present.
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
 * The container after a change, or as it would be (dry run).
 */
export interface ContainerAnswer {
  container: ContainerView
  /**
   * Whether it meant the same before, so that nothing was written.
   */
  unchanged: boolean
  /**
   * The tarballs in our own store that it no longer names.
   */
  released: ReleasedTarball[]
  /**
   * Present when something was registered in another form than it was sent.
   */
  warnings?: Warning[]
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
   * The architectures that it is expected to have.
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
   * degraded: a build or test failed or fell silent, or an image is not what it is said to be. complete: every expected image is there; if none is expected, any image. partial: otherwise.
   */
  state: 'complete' | 'partial' | 'degraded'
  /**
   * Why it is not complete.
   */
  reasons: Reason[]
  /**
   * The record's revision, for compare-and-swap; also the ETag. Null while no image of it is published.
   */
  revision: string | null
  /**
   * SHA-256 of what the record means: two records with the same fingerprint mean the same, whatever their order, spacing and aliases.
   */
  fingerprint: string | null
  /**
   * When it was first registered, if that is known.
   */
  created: string | null
  /**
   * When it, or its build status, last changed.
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
   * The digest that was registered, else that of its configuration.
   */
  digest: string | null
  size: number | null
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * The verdict in words.
   */
  summary: string | null
  /**
   * The architecture that the bytes are for, if they agree.
   */
  proven: string | null
  /**
   * The SHA-256 of the tarball, hexadecimal.
   */
  sha256: string | null
  config: string | null
  manifest: string | null
  status: 'present' | 'gone' | 'unreachable' | 'unknown'
  checked: string | null
  /**
   * Where it was pulled from, with the digest that it, or its index, has there; absent for others.
   */
  origin?: string
  reading?: ImageReading
}
/**
 * How far its bytes have been read; absent unless a server is reading them.
 */
export interface ImageReading {
  /**
   * Bytes of the tarball. Of an image that another replica reads, as that replica last said: four times within a minute.
   */
  read: number
  /**
   * The tarball's size in bytes; null where the server that has it does not say.
   */
  size: number | null
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
   * When it is discarded.
   */
  expires: string
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * The verdict in words.
   */
  summary: string | null
  reading?: ImageReading
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
   * Null if it has no image at all and none is expected.
   */
  architecture: string | null
  /**
   * For people.
   */
  message: string
  since: string | null
}
/**
 * The container after a change.
 */
export interface ContainerChange {
  container: ContainerView
  /**
   * The tarballs in our own store that it no longer names.
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
   * The digest that was registered, else that of its configuration.
   */
  digest: string | null
  size: number | null
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * The verdict in words.
   */
  summary: string | null
  /**
   * The architecture that the bytes are for, if they agree.
   */
  proven: string | null
  /**
   * The SHA-256 of the tarball, hexadecimal.
   */
  sha256: string | null
  config: string | null
  manifest: string | null
  status: 'present' | 'gone' | 'unreachable' | 'unknown'
  checked: string | null
  reading?: ImageReading
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
   * When the last complete sweep over the summaries began, from which filters other than name and version are answered; null before the first one.
   */
  swept: string | null
}
/**
 * A container, or those of its members that `fields` names.
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
   * The architectures that it is expected to have.
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
   * degraded: a build or test failed or fell silent, or an image is not what it is said to be. complete: every expected image is there; if none is expected, any image. partial: otherwise.
   */
  state?: 'complete' | 'partial' | 'degraded'
  /**
   * Why it is not complete.
   */
  reasons?: Reason[]
  /**
   * The record's revision, for compare-and-swap; also the ETag. Null while no image of it is published.
   */
  revision?: string | null
  /**
   * SHA-256 of what the record means: two records with the same fingerprint mean the same, whatever their order, spacing and aliases.
   */
  fingerprint?: string | null
  /**
   * When it was first registered, if that is known.
   */
  created?: string | null
  /**
   * When it, or its build status, last changed.
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
   * With arch: return the image even if its bytes are another architecture's, or it is gone.
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
   * The OCI name; null if the record names no architectures and the bytes of its url were not read.
   */
  architecture: string | null
  /**
   * The architecture as it was requested.
   */
  requested: string
  url: string
  source: 'urls' | 'url'
  /**
   * What reading the image's bytes proved.
   */
  verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * Only for an image that is known to be gone: force=true returns it all the same.
   */
  status?: 'gone'
}
export interface ContainerfileParameter {
  digest: string
}
export interface ContainerfilesQuery {
  /**
   * The number of a promotion; default: the last one.
   */
  number?: number
}
/**
 * A container that was removed and can be brought back.
 */
export interface DeletedContainer {
  id: string
  /**
   * The revision with which POST …/restore brings it back.
   */
  revision: string
  version: string | null
  architectures: string[]
  /**
   * Where its tarballs are. A restore does not bring back those that are gone.
   */
  tarballs: TarballStanding[]
  /**
   * When it was removed, in ISO 8601.
   */
  removed: string
  /**
   * Whether it was removed in the store itself, not through this service.
   */
  noticed: boolean
  by: EntryAuthor
  /**
   * The reason that X-Reason gave.
   */
  reason: string | null
  /**
   * How long it is listed here (LEPORELLO_DELETED_KEEP).
   */
  until: string
}
/**
 * Where the tarball of an image is that a container names, or named.
 */
export interface TarballStanding {
  /**
   * Null for the url of a container that names no architectures.
   */
  architecture: string | null
  /**
   * present, gone: in our own store. elsewhere: not checked. unknown: our store did not answer.
   */
  status: 'present' | 'gone' | 'elsewhere' | 'unknown'
  /**
   * Its path below /storage; null elsewhere.
   */
  key: string | null
  /**
   * When it is removed, unless a container names it by then (LEPORELLO_DELETE_GRACE).
   */
  due: string | null
}
/**
 * The most recently removed first.
 */
export interface DeletedPage {
  items: DeletedContainer[]
  /**
   * The cursor of the next page; null on the last one. A short page may have a next one.
   */
  next: string | null
}
/**
 * The differences between two revisions.
 */
export interface DiffAnswer {
  container: string
  /**
   * The revision; null if there was nothing.
   */
  from: string | null
  to: string | null
  /**
   * Whether both mean the same, however they are written.
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
   * The architecture whose image was changed.
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
  to: string
}
export interface DiscoverQuery {
  /**
   * This tag.
   */
  tag?: string
  /**
   * The tag that was registered last; or the highest version, pre-releases before their release. Of tags that are equal in this the last in the alphabet.
   */
  newest?: 'registration' | 'version'
  /**
   * The tag that a label of the image names: the name of a label, or a format. The image is the one that the list names; latest, where it names no tag. Where its image lacks the label, the tag that the list names counts, as it does for TripleO. The tag has to be there.
   */
  tag_from_label?: string
  /**
   * Leave out what is not proven.
   */
  proven?: boolean
  /**
   * Only images whose name matches one of these patterns, separated by commas.
   */
  only?: string
  /**
   * No image whose name matches one of these patterns.
   */
  exclude?: string
  /**
   * yaml: the list with the tags that were found. heat: parameter_defaults with the names in params.
   */
  format: 'json' | 'yaml' | 'heat'
}
export interface DiscoveryAnswer {
  images: {
    /**
     * With the tag that was found.
     */
    imagename: string
    params: string[]
    tag: string
    /**
     * The rule that chose the tag.
     */
    chosen_by: string
  }[]
  /**
   * The images without such a tag.
   */
  left_out: {
    imagename: string
    reason: string
  }[]
}
export interface DoneReply {
  success: boolean
  message: string
  /**
   * The id, if there is a result.
   */
  result?: string | null
  /**
   * Present when something was registered in another form than it was sent.
   */
  warnings?: Warning[]
  [k: string]: unknown
}
export interface DownloadQuery {
  /**
   * oci: redirects to the whole container as one OCI layout. Default: the tarball as it was uploaded.
   */
  format?: 'oci'
}
export interface DryRunQuery {
  /**
   * Say what would happen, and change nothing.
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
   * The id of the last event that the client received, or a time.
   */
  'Last-Event-ID'?: string
  [k: string]: unknown
}
export interface EventQuery {
  /**
   * Only containers whose id matches; * is anything, ? any character.
   */
  container?: string
  /**
   * Only these kinds, separated by commas: record, expected, pending, build, test, verdict, state, reading. Default all but reading.
   */
  kind?: string
  /**
   * The id of an event, or a time: the stream begins with what came after it. Last-Event-ID wins over it.
   */
  since?: string
}
/**
 * The architectures that a container is expected to have, after a change.
 */
export interface ExpectedAnswer {
  container: string
  /**
   * By OCI name, in the table's order.
   */
  architectures: string[]
  /**
   * Where the expectation comes from: a request for this container, a rule (LEPORELLO_RULES), the server's default (LEPORELLO_EXPECTED), or nowhere.
   */
  from: 'container' | 'rule' | 'default' | 'none'
  /**
   * The pattern of the rule.
   */
  pattern: string | null
  /**
   * Null for a rule or the default.
   */
  since: string | null
  /**
   * Who said it, as far as the request tells.
   */
  by: string | null
  /**
   * When its images are published: each as it arrives, all expected ones together, or all together once they are verified.
   */
  publish: 'each' | 'all' | 'verified'
  /**
   * The revision of the container's build status; also the ETag. Null if it has none.
   */
  revision: string | null
  /**
   * Whether they were expected before.
   */
  unchanged: boolean
}
/**
 * The architectures that a container is expected to have, under any of their names; or what `kubectl get nodes -o json` prints. As text: names of known architectures, one per line.
 */
export interface ExpectedPut {
  /**
   * An empty list means none, whatever a rule says.
   *
   * @maxItems 64
   */
  architectures: ArchitectureName[]
}
export interface ExpectedQuery {
  /**
   * configmap: YAML for `kubectl apply`, as with Accept: application/yaml.
   */
  format?: 'json' | 'configmap'
  /**
   * A DNS label: the name of the ConfigMap; by default it is made from the id.
   */
  name?: string
  namespace?: string
}
/**
 * The architectures that a container is expected to have.
 */
export interface ExpectedView {
  container: string
  /**
   * By OCI name, in the table's order.
   */
  architectures: string[]
  /**
   * Where the expectation comes from: a request for this container, a rule (LEPORELLO_RULES), the server's default (LEPORELLO_EXPECTED), or nowhere.
   */
  from: 'container' | 'rule' | 'default' | 'none'
  /**
   * The pattern of the rule.
   */
  pattern: string | null
  /**
   * Null for a rule or the default.
   */
  since: string | null
  /**
   * Who said it, as far as the request tells.
   */
  by: string | null
  /**
   * When its images are published: each as it arrives, all expected ones together, or all together once they are verified.
   */
  publish: 'each' | 'all' | 'verified'
  /**
   * The revision of the container's build status; also the ETag. Null if it has none.
   */
  revision: string | null
}
/**
 * A contradiction between records, what is known of their images, and tarballs.
 */
export interface FsckFinding {
  type: 'finding'
  kind: 'missing' | 'changed' | 'orphaned' | 'unnamed' | 'half-uploaded' | 'facts-about-nothing' | 'tasks-about-nothing'
  /**
   * A path below /storage, the name of a leftover file, or the id of an upload or of a document.
   */
  name: string
  container: string | null
  architecture: string | null
  size: number | null
  /**
   * When it arrived.
   */
  since: string | null
  /**
   * For people: what was found.
   */
  message: string
  /**
   * later: once it is old enough. none: a program cannot repair it.
   */
  repair: 'done' | 'possible' | 'later' | 'none'
  /**
   * For people: what a repair does, or what else can be done.
   */
  advice: string
}
/**
 * Something that is not wrong, such as an upload that can be resumed.
 */
export interface FsckNote {
  type: 'note'
  name: string
  message: string
}
/**
 * The last line: how much was checked, and what was found.
 */
export interface FsckSummary {
  type: 'summary'
  /**
   * Whether nothing is wrong, or no longer.
   */
  clean: boolean
  /**
   * The number of findings of each kind.
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
   * In words, if it is not ok.
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
   * Its place in the history: later entries have greater ones. Also the id of the event.
   */
  order: string
  /**
   * ISO 8601.
   */
  at: string
  by: EntryAuthor
  /**
   * The reason that X-Reason gave.
   */
  reason: string | null
  architecture: string | null
  /**
   * In words.
   */
  summary: string
  /**
   * The record's revision after it; null if there is none.
   */
  revision: string | null
  /**
   * The record's revision before it; null if there was none.
   */
  previous: string | null
  /**
   * The fingerprint of the record after it.
   */
  fingerprint: string | null
  /**
   * The whole document; null if there was none.
   */
  before:
    | {
        [k: string]: unknown
      }
    | unknown[]
    | string
    | null
  /**
   * The whole document; null if there is none.
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
 * One change of what a container means.
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
   * Its place in the history: later entries have greater ones. Also the id of the event.
   */
  order: string
  /**
   * ISO 8601.
   */
  at: string
  by: EntryAuthor
  /**
   * The reason that X-Reason gave.
   */
  reason: string | null
  architecture: string | null
  /**
   * In words.
   */
  summary: string
  /**
   * The record's revision after it; null if there is none.
   */
  revision: string | null
  /**
   * The record's revision before it; null if there was none.
   */
  previous: string | null
  /**
   * The fingerprint of the record after it.
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
   * The entries that were removed because there were too many or they were too old (LEPORELLO_HISTORY_ENTRIES, LEPORELLO_HISTORY_KEEP); null: none.
   */
  cut: {
    /**
     * The number of entries.
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
  limit: number
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
   * Ids; sorted if there are at most 20,000.
   */
  result: string[]
  [k: string]: unknown
}
/**
 * The container and the image after a change.
 */
export interface ImageAnswer {
  container: ContainerView
  image: ImageView
  /**
   * Whether the record said the same before.
   */
  unchanged: boolean
  /**
   * The tarballs in our own store that it no longer names.
   */
  released: ReleasedTarball[]
  /**
   * Whether it waits to be published with the others.
   */
  pending: boolean
  /**
   * Present when something was registered in another form than it was sent.
   */
  warnings?: Warning[]
}
/**
 * An image by its URL.
 */
export interface ImageByUrl {
  url: string
  /**
   * The digest that docker or a registry gives it; a new container needs one.
   */
  digest?: string
  /**
   * Default: that of the record, or the tag of the id.
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
   * The digest of the tarball, of its configuration or of a manifest in it.
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
export interface ImageListQuery {
  /**
   * Only repositories that have this tag.
   */
  tag?: string
  /**
   * A pattern with * and ? for the repository, or for what follows its last slash.
   */
  name?: string
  /**
   * names: repositories, one a line, sorted, and nothing else; also for an Accept whose first type is text/plain. yaml: container_images, as TripleO's tools read it. Default: json.
   */
  format?: 'names' | 'yaml' | 'json'
}
export interface ImageList {
  /**
   * Sorted by repository, then by tag.
   */
  images: {
    /**
     * The id of a container.
     */
    imagename: string
    repository: string
    /**
     * Null for an id without one.
     */
    tag: string | null
  }[]
}
export interface ImageParameters {
  /**
   * Percent-encoded; 1 to 512 bytes of UTF-8.
   */
  id: string
  /**
   * Any name of the architecture; arm/v7 as arm%2Fv7 or arm-v7.
   */
  architecture: string
}
/**
 * One file of an image, and what it is.
 */
export interface ImageReportFile {
  /**
   * Why it counts for the verdict; null if it was only requested.
   */
  role: 'entrypoint' | 'command' | 'shell' | 'interpreter' | 'loader' | null
  /**
   * The path as the configuration, a script, a program or the request gives it.
   */
  named: string
  /**
   * The path in the image after following links; null if there is no such file.
   */
  path: string | null
  /**
   * The symbolic links that were followed.
   */
  links: string[]
  kind: 'elf' | 'script' | 'data' | 'directory' | 'windows-executable' | 'macos-executable' | 'wasm-module' | 'absent'
  architecture: string | null
  /**
   * The type of an ELF file: executable, shared, object, core, other.
   */
  type: string | null
  /**
   * The loader of an ELF file, the #! line of a script.
   */
  interpreter: string | null
  /**
   * The index of its image in images.
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
   * What the image's configuration says; null if it cannot be read.
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
     * The member of the archive that holds it, after following links; null if none does.
     */
    member: string | null
    /**
     * Where the member's bytes begin in the uncompressed archive; null if they are not in one piece. Reports of earlier versions do not have it.
     */
    offset?: number | null
  } | null
  manifest: {
    digest: string
    size: number
    mediaType: string
    /**
     * If the archive has no manifest: the digest of the OCI manifest with this configuration and these layers, uncompressed.
     */
    derived: boolean
    /**
     * The member of the archive that holds it, after following links; null if none does.
     */
    member: string | null
    /**
     * Where the member's bytes begin in the uncompressed archive; null if they are not in one piece. Reports of earlier versions do not have it.
     */
    offset?: number | null
  } | null
  tags: string[]
  /**
   * The base image, if labels or annotations name it.
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
     * The member of the archive that holds it, after following links; null if none does.
     */
    member: string | null
    /**
     * Where the member's bytes begin in the uncompressed archive; null if they are not in one piece. Reports of earlier versions do not have it.
     */
    offset?: number | null
  }[]
  /**
   * The programs that run whenever the image does.
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
     * Files for other machines that are to be expected: they do not change the verdict.
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
     * Other files for another machine: unusual, but they do not count for the verdict.
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
   * The architecture that was claimed; null if the configurations were the claim.
   */
  claimed: string | null
  /**
   * The architecture that the bytes are for, if they agree.
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
   * What an index names and the archive does not have.
   */
  absent: {
    digest: string
    platform: string
  }[]
  problems: {
    code: string
    message: string
    /**
     * Whether it makes its subject unreadable.
     */
    fatal: boolean
  }[]
  problemsOmitted: number
  /**
   * The part of the archive that has the requested digest.
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
   * What the requested path is in each image.
   */
  files?: ImageReportFile[]
  /**
   * The container in this catalogue whose image this one was built on, if its labels or its layers tell. Absent where the bytes were read for this answer.
   */
  base?: {
    container: string
    by: 'label' | 'layers'
    architectures: string[]
    /**
     * Architectures that are expected of this container and that the base has no image for.
     */
    missing: string[]
  } | null
}
/**
 * The build or test of one architecture after a report.
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
   * An address with more information.
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
   * When the latest report came, by our clock.
   */
  reported: string
  /**
   * When the first report of this run came.
   */
  begun: string
  /**
   * The URL of the image that the container had at the time.
   */
  image: string | null
  /**
   * Whether it runs on a machine of another architecture.
   */
  emulated: boolean
  /**
   * Whether it was reported as pending or running, but not for too long a time (buildTimeoutMs of a rule, else six hours).
   */
  stale: boolean
  /**
   * Whether nothing was written: the report is known, or is about an earlier run.
   */
  unchanged: boolean
}
export interface Machine {
  name: string | null
  /**
   * The machine's own architecture, whatever it builds for.
   */
  architecture: string | null
  emulated: boolean
}
/**
 * The builds or tests of a container.
 */
export interface JobList {
  container: string
  items: Job[]
}
/**
 * The build or test of one architecture.
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
   * An address with more information.
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
   * When the latest report came, by our clock.
   */
  reported: string
  /**
   * When the first report of this run came.
   */
  begun: string
  /**
   * The URL of the image that the container had at the time.
   */
  image: string | null
  /**
   * Whether it runs on a machine of another architecture.
   */
  emulated: boolean
  /**
   * Whether it was reported as pending or running, but not for too long a time (buildTimeoutMs of a rule, else six hours).
   */
  stale: boolean
}
/**
 * The report of a build or test job about one architecture. Later reports of a run need not repeat what earlier ones said.
 */
export interface JobPut {
  status: 'pending' | 'running' | 'succeeded' | 'failed'
  /**
   * For people; its first 2000 characters are kept.
   */
  reason?: string | null
  log?: string | null
  /**
   * What the image is built from, by the name of the input: a commit, digests of files and of the base image. A plain string is a commit.
   */
  source?:
    | {
        [k: string]: string | null
      }
    | string
    | null
  /**
   * Of a build: the text of the Containerfile that it builds from, for `leporello dist-git`. Its digest becomes the input `containerfile` of source; send it together with source. Everyone who may read the catalogue may read it, so one with a password is refused.
   */
  containerfile?: string | null
  /**
   * The machine it runs on. A plain string is its name, or what `uname -m` prints there.
   */
  machine?:
    | {
        name?: string | null
        /**
         * The machine's own architecture.
         */
        architecture?: ArchitectureName | null
        emulated?: boolean | null
      }
    | string
    | null
  /**
   * Empty means null, for scripts that do not know it.
   */
  started?: (string | null) | ''
  /**
   * Empty means null, for scripts that do not know it.
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
   * The only form in which a container is one file.
   */
  format: 'oci'
}
export interface ListQuery {
  /**
   * A pattern with * and ? for the id, or for the part of it before the tag.
   */
  name?: string
  /**
   * A pattern with * and ?.
   */
  version?: string
  /**
   * Only containers with an image for this architecture, by any of its names.
   */
  architecture?: string
  /**
   * Only containers that are expected to have this architecture and do not.
   */
  missing?: string
  state?: 'complete' | 'partial' | 'degraded'
  /**
   * Only containers with an image that has this verdict.
   */
  verdict?: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
  /**
   * Words in the id or the version; case does not matter.
   */
  q?: string
  /**
   * The order; descending with a minus before it.
   */
  sort: 'id' | '-id' | 'version' | '-version' | 'created' | '-created' | 'updated' | '-updated'
  /**
   * Members to send, separated by commas.
   */
  fields?: string
  limit: number
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
 * A container as an OCI index or a Docker manifest list, only from what reading its images proved.
 */
export interface ManifestList {
  schemaVersion: number
  mediaType: string
  manifests: ManifestDescriptor[]
  /**
   * Whether registry clients can pull these manifests from /v2/.
   */
  pullable: boolean
  /**
   * Why they cannot, whatever images there are: no client can spell the container's id.
   */
  notPullable?: string
  /**
   * The images whose tarballs have no manifest: theirs is made from configuration and layers.
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
  limit: number
  /**
   * `next` of the page before.
   */
  cursor?: string
}
/**
 * One step for each architecture, in the same order whatever the order of the sources.
 */
export interface PlanAnswer {
  container: string
  build: string[]
  reuse: string[]
  steps: PlanStep[]
  /**
   * What the reader should know before anything is built: the base image has no image for an architecture that is to be built (`base_missing`).
   */
  warnings: Warning[]
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
   * The image that is reused.
   */
  url: string | null
  source: {
    [k: string]: string
  }
}
/**
 * For format=kubernetes: the container in which a build runs.
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
   * The server that the job reports to, as LEPORELLO_URL; default: this one.
   */
  url?: string
}
export interface PlanQuery {
  /**
   * jenkins: an axis of a matrix. kubernetes: Jobs bound to machines by kubernetes.io/arch, as a List.
   */
  format: 'json' | 'jenkins' | 'kubernetes'
}
/**
 * What an image is built from, each input by its name: commit, containerfile, base, or anything else that affects it.
 */
export interface PlanSource {
  [k: string]: string
}
/**
 * What is to be built, and from which sources.
 */
export interface Plan {
  container: ContainerId
  /**
   * By architecture; the source under * is for every expected one.
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
export interface PromotionPage {
  items: PromotionSummary[]
  /**
   * The cursor of the next page.
   */
  next: string | null
}
export interface PromotionParameters {
  channel: string
  /**
   * The number of the promotion.
   */
  number: string
}
export interface PromotionView {
  channel: string
  /**
   * 1 for the first promotion, then one more for each.
   */
  number: number
  at: string
  by: EntryAuthor
  /**
   * Why.
   */
  reason: string | null
  /**
   * Where the set came from; empty for a list of ids. promotion: the number of an earlier one.
   */
  from: {
    [k: string]: string | number
  }
  require: string[]
  /**
   * The tag of the ids.
   */
  tag: string
  /**
   * Whether this removed the channel.
   */
  removed: boolean
  /**
   * How many images the set has.
   */
  images: number
  set: SetMember[]
}
export interface PromotionsQuery {
  limit: number
  /**
   * `next` of the page before.
   */
  cursor?: string
}
export interface ReadyReport {
  ready: boolean
  /**
   * By the name of what was checked.
   */
  checks: {
    [k: string]: Health
  }
}
/**
 * The reason of a change.
 */
export interface ReasonHeaders {
  /**
   * The reason; its first 1000 characters are kept in the history.
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
export interface ReleaseList {
  items: {
    name: string
    created: string
    by: EntryAuthor
    reason: string | null
    from: {
      [k: string]: string
    }
    images: number
  }[]
}
export interface ReleaseParameter {
  /**
   * The name of the release.
   */
  name: string
}
export interface ReleaseQuery {
  /**
   * yaml: container_images. heat: parameter_defaults. text: references by digest, one a line. sh: a shell script that pulls exactly these images and checks their digests.
   */
  format: 'json' | 'yaml' | 'heat' | 'text' | 'sh'
}
export interface ReleaseView {
  name: string
  created: string
  by: EntryAuthor
  reason: string | null
  from: {
    [k: string]: string
  }
  /**
   * The host that references name.
   */
  registry: string
  /**
   * Whether it is plain HTTP.
   */
  insecure: boolean
  set: {
    id: string
    /**
     * The id under which it was registered first.
     */
    origin: string
    revision: string
    version: string
    digest: string
    named: boolean
    params: string[]
    /**
     * By architecture.
     */
    images: {
      [k: string]: {
        url: string
        /**
         * Of the image's configuration, or as a client gave it.
         */
        digest: string | null
        /**
         * The digest of its manifest.
         */
        manifest: string | null
        /**
         * Of the tarball.
         */
        sha256: string | null
        size: number | null
        verdict: 'match' | 'mislabelled' | 'mixed' | 'no-binaries' | 'unreadable' | 'unverified'
        /**
         * The status of the last test of this image.
         */
        test: string | null
      }
    }
  }[]
}
/**
 * The container as it was, and what its removal affects.
 */
export interface RemovalAnswer {
  /**
   * False in a dry run.
   */
  removed: boolean
  container: ContainerView
  warnings: Warning[]
  /**
   * The tarballs in our own store that it no longer names.
   */
  released: ReleasedTarball[]
}
export interface RemovalQuery {
  /**
   * Say what would happen, and change nothing.
   */
  dryRun?: boolean
  /**
   * Also what a channel or a release names.
   */
  force?: boolean
}
/**
 * The keys of the template.
 */
export interface RenderQuery {
  namespace?: string
  name_prefix?: string
  name_suffix?: string
  tag?: string
  [k: string]: string | undefined
}
export interface ReportQuery {
  /**
   * Read the bytes again and say what this path is in them.
   */
  path?: string
}
export interface ResolutionQuery {
  /**
   * The architecture of a machine, as it calls itself or as OCI does.
   */
  arch: string
  /**
   * Return the image even if its bytes are another architecture's, or it is gone.
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
   * Return the image even if its bytes are another architecture's, or it is gone.
   */
  force?: 'true' | 'false'
  /**
   * text: the URL alone, for shell scripts, as with an Accept whose first type is text/plain.
   */
  format?: 'json' | 'text'
  [k: string]: unknown
}
export interface RestoreAnswer {
  container: ContainerView
  /**
   * Whether it meant the same before, so that nothing was written.
   */
  unchanged: boolean
  warnings: Warning[]
}
export interface Restore {
  /**
   * A revision that the history names, or the id of an entry: the container is registered again as it was then.
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
   * The architecture that was claimed; null: the one that its bytes are for.
   */
  architecture: string | null
  version: string | null
  filename: string | null
  /**
   * The tarball's claimed SHA-256, hexadecimal.
   */
  sha256: string | null
  /**
   * The number of bytes that are stored.
   */
  offset: number
  size: number
  /**
   * While it is proven: how many bytes have been read. Absent where another replica reads them.
   */
  read?: number
  /**
   * proving: every byte has arrived, and they are being read or soon will be; an empty PATCH waits for the result.
   */
  state: 'arriving' | 'proving' | 'registered' | 'refused'
  created: string
  /**
   * When it is discarded, unless more arrives.
   */
  expires: string
  /**
   * What it was registered as.
   */
  result: {
    architecture: string
    version: string
    url: string
    /**
     * The tarball's SHA-256, hexadecimal.
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
     * Whether the record said the same before.
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
   * The architectures whose workers get an image that they can run; null if that is unknown.
   */
  architectures: string[] | null
  certain: boolean
  /**
   * Further ones, if the spec had the urls of the catalogue.
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
 * The architectures on which a job can run.
 */
export interface SpecReport {
  /**
   * Null if none of its images tells.
   */
  architectures: string[] | null
  /**
   * Where it could run if container_image_urls were filled from the catalogue.
   */
  ifFilled: string[] | null
  certain: boolean
  images: SpecImage[]
  /**
   * Dependency images for one architecture only.
   */
  single: string[]
  /**
   * Dependency images about which nothing is known.
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
   * Where to resume.
   */
  id?: string
  event: 'record' | 'expected' | 'pending' | 'build' | 'test' | 'verdict' | 'state' | 'reading' | 'end'
  /**
   * JSON: an entry of the history; for reading, the images that are being read; for end, why the stream ends and where to resume.
   */
  data: string
  /**
   * In milliseconds.
   */
  retry?: number
}
export interface TarballQuery {
  /**
   * Default: that of the record, or the tag of the id.
   */
  version?: string
  /**
   * The name of the tarball; its stem becomes part of its URL.
   */
  filename?: string
  /**
   * The SHA-256 of the tarball with or without sha256:, 64 hexadecimal digits. Content-Digest and Repr-Digest will do, too.
   */
  digest?: string
  /**
   * Say what would be stored and registered, and keep nothing.
   */
  dryRun?: boolean
}
export interface UnavailableReport {
  message: string
  container: string
  /**
   * As it is in the address.
   */
  architecture: string
  /**
   * The architectures that the container has images for.
   */
  available: string[]
}
/**
 * The headers of tus for a piece.
 */
export interface UploadAppendHeaders {
  /**
   * The version of the protocol.
   */
  'Tus-Resumable': '1.0.0'
  /**
   * The number of bytes before the piece: HEAD tells how many have arrived.
   */
  'Upload-Offset': number
  [k: string]: unknown
}
/**
 * The headers of tus for a new upload.
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
   * Pairs of a name and a value in base64, between commas: the `id` of the container, and maybe `architecture`, `version`, `filename` and `sha256`.
   */
  'Upload-Metadata': string
  [k: string]: unknown
}
/**
 * The header of tus for any request.
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
   * Only uploads for this container.
   */
  id?: string
  /**
   * The SHA-256 of a tarball with or without sha256:, 64 hexadecimal digits. Only its uploads are listed.
   */
  sha256?: string
}
export interface Uploads {
  items: ResumableUpload[]
}
export interface VersionReport {
  version: string
  /**
   * The commit that the program was built from; null if unknown.
   */
  commit: string | null
  store: 'embedded' | 'elasticsearch'
  /**
   * Name and version; null while the engine does not answer.
   */
  engine: string | null
}
/**
 * The state of a container when waiting ended.
 */
export interface WaitAnswer {
  container: string
  for: 'complete' | 'degraded' | 'settled'
  /**
   * The one that is waited for; null: all.
   */
  architecture: string | null
  /**
   * Whether the goal is reached; false: the time is up.
   */
  reached: boolean
  /**
   * The state of the container, or of the one architecture.
   */
  state: 'complete' | 'partial' | 'degraded'
  /**
   * The architectures that the container is expected to have.
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
  for: 'complete' | 'degraded' | 'settled'
  /**
   * Wait for this one only, even if it is not expected.
   */
  architecture?: string
  /**
   * In seconds; 0 answers at once.
   */
  timeout: number
}
