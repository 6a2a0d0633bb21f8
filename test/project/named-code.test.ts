import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { projectFolder } from '../support/project.ts'

process.chdir(projectFolder)

/** `src/a/b.ts` (`one`, `two`): names that a page says are in a file. */
const named = /`((?:src|test|tools)\/[\w./-]+\.ts)` \(((?:`\w+`(?:, )?)+)\)/g

/** Whether a file declares a name, or defines a member that has it; that it only uses the name does not count. */
const declares = (text: string, name: string): boolean =>
  new RegExp(`\\b(?:function\\*?|const|let|interface|type|class) ${name}\\b|^\\s*(?:async )?\\*?${name}\\??(?:\\(|:|,$)`, 'm').test(text)

t.test('what a page says is in a file is there', async (t) => {
  const missing: string[] = []
  let count = 0
  for (const page of ['docs/architecture.md', 'docs/data-model.md']) {
    for (const [, path, names] of readFileSync(page, 'utf8').matchAll(named)) {
      const text = existsSync(path!) ? readFileSync(path!, 'utf8') : ''
      for (const [, name] of names!.matchAll(/`(\w+)`/g)) {
        count++
        if (!declares(text, name!)) missing.push(`${page}: ${path}: ${name}`)
      }
    }
  }

  t.ok(count > 80, `${count} names`)
  t.strictSame(missing, [])
})
