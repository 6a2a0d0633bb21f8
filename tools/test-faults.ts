import { engineLender } from './engine-lender.ts'
import { finish, runTests, testFiles } from './run-tests.ts'

/*
 * `npm run test:faults`: servers under faults, for FAULT_SECONDS (60 here) after each fault was met once. The same FAULT_SEED brings the same
 * faults in the same order again.
 */

const chosen = process.argv.slice(2)
finish(
  await runTests(testFiles(chosen.length > 0 ? chosen : ['faults']), {
    environment: { FAULT_SECONDS: '60', ...process.env },
    engines: engineLender()
  })
)
