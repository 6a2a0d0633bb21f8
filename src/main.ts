#!/usr/bin/env node
import { runCommandLine } from './cli/cli.ts'

// Node 20 is supported, but the AWS SDK warns of it on standard error each time that it is used
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

const status = await runCommandLine(process.argv.slice(2))
if (status !== undefined) process.exitCode = status
