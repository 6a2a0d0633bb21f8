import t from 'tap'
import { sha256 } from '../../support/images.ts'
import { ask, disagreementsOf } from './differential/ask.ts'
import { corpus } from './differential/corpus.ts'
import { readKnown, unexpected, unneeded } from './differential/known.ts'
import { startLoaders } from './differential/loaders.ts'

/*
 * What our report says of an archive, held against what skopeo, umoci, crane and podman make of it. A disagreement is a fault, unless
 * known-disagreements.json tells its reason. On a slow machine fewer questions are asked within LOADER_SECONDS, and none fails for it.
 */

const seconds = Number(process.env['LOADER_SECONDS'] ?? 150)

t.test('what we say of an archive is what real loaders would start', async (t) => {
  const { loaders, stop } = await startLoaders()
  t.teardown(stop)
  const questions = corpus()
  const until = Date.now() + seconds * 1000

  const asked = await ask(questions, { loaders, until })

  const found = asked.flatMap(disagreementsOf)
  const known = Object.values(readKnown()).flat()
  const archives = new Set(questions.map(({ bytes }) => sha256(bytes))).size
  t.comment(`${archives} archives, ${questions.length} questions; disagreements: ${found.length}, all but those listed are below`)
  for (const { name } of loaders) {
    const answers = asked.flatMap((one) => one.answers.filter(({ loader }) => loader === name))
    const refused = answers.filter(({ answer }) => 'refused' in answer).length
    const left = asked.filter((one) => one.left.has(name)).length
    t.comment(`${name}: ${answers.length} answers, of which ${refused} refuse; ${left} questions left out`)
    t.ok(answers.length > refused, `${name} takes something`)
  }
  t.ok(archives >= 300, `${archives} archives`)
  t.strictSame(unexpected(found, known), [], 'every disagreement has a reason')
  t.strictSame(unneeded({ known, found, asked }), [], 'every reason is needed')
})
