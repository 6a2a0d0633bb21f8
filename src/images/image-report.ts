import type { ImageReport, ImageReportImage } from '../schemas.ts'

/** What was found in an archive, in its images and in single files. The size of a report is limited. */
export type { ImageReport, ImageReportFile as FileFacts, ImageReportImage as ImageFacts } from '../schemas.ts'
export type ConfigFacts = NonNullable<ImageReportImage['config']>
export type LayerFacts = ImageReportImage['layers'][number]
/** What the requested digest is the digest of; no matches when nothing in the archive has it. */
export type DigestAnswer = NonNullable<ImageReport['digest']>
