import { readFileSync } from 'node:fs'

const root = new URL('../../../', import.meta.url)
const { version }: { version: string } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

/** This program's version, and the folder of its files other than code (openapi.yaml, schemas/). */
export const program = { version, root }

/** Node 20 is supported, but the AWS SDK would warn of it on standard error each time that it is used. */
export function quietSdkWarning(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
}
