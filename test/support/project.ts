import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))

/** The root of the working copy; tests run from build/. */
export const projectFolder = [join(here, '../../..'), join(here, '../..')].find((folder) => existsSync(join(folder, 'package-lock.json')))!
