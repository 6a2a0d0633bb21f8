import { finish, runTests, testFiles } from './run-tests.ts'

/* `npm test`: what needs only Node, or the files and folders below test/ that it is given. */

const folders = [
  'cli',
  'project',
  'http',
  'stores',
  'images',
  'catalogue',
  'blobs',
  'sources',
  'config',
  'observability',
  'domain',
  'registries',
  'access'
]
const chosen = process.argv.slice(2)
finish(await runTests(testFiles(chosen.length > 0 ? chosen : folders)))
