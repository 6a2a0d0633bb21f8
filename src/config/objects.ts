import { resolve } from 'node:path'
import type { RuleContext } from './config.ts'

/** Where tarballs are stored. */
export type Objects =
  | { kind: 'local'; directory: string }
  | {
      kind: 's3'
      bucket: string
      endpoint?: string
      publicEndpoint?: string
      region?: string
      prefix: string
      pathStyle: boolean
      credentials?: { accessKeyId: string; secretAccessKey: string }
    }

const s3Settings = ['s3Endpoint', 's3PublicEndpoint', 's3Bucket', 's3Region', 's3Prefix'] as const

export function objectsFrom({ settings, problems, isSet, named }: RuleContext, defaultDirectory: string): Objects {
  if (settings.objects === 'local') {
    // with OBJECTS set to local, S3 settings are left over on purpose; otherwise tarballs would silently not go to S3
    for (const name of s3Settings.filter((name) => isSet(name) && !isSet('objects'))) {
      problems.push(`${named(name)} is set, but ${named('objects')} is not; expected it to be "s3" (or "local", to leave S3 alone)`)
    }
    return { kind: 'local', directory: settings.objectsDir === undefined ? defaultDirectory : resolve(settings.objectsDir) }
  }
  if (settings.s3Bucket === undefined)
    problems.push(`${named('s3Bucket')} is not set; expected a bucket, because ${named('objects')} is "s3"`)
  if (settings.s3Endpoint !== undefined && new URL(settings.s3Endpoint).username !== '') {
    problems.push(`${named('s3Endpoint')} holds credentials; expected them in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`)
  }
  return {
    kind: 's3',
    bucket: settings.s3Bucket ?? '',
    prefix: settings.s3Prefix ?? '',
    pathStyle: settings.s3PathStyle,
    ...(settings.s3Endpoint && { endpoint: settings.s3Endpoint }),
    ...(settings.s3PublicEndpoint && { publicEndpoint: settings.s3PublicEndpoint }),
    ...(settings.s3Region && { region: settings.s3Region })
  }
}
