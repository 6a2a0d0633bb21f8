import t from 'tap'
import { checkJsonBounds } from '../../../src/domain/json/json-bounds.ts'

const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const tooDeep = 'it is nested deeper than 1000 levels, the most that is read'
const tooMany = 'it has more than 5 values, the most that is read'

for (const { name, text, problem } of [
  { name: 'a word', text: '1', problem: undefined },
  { name: '1000 lists in one another', text: lists(1000), problem: undefined },
  { name: '1001 lists in one another', text: lists(1001), problem: tooDeep },
  { name: '1000 objects in one another', text: objects(1000), problem: undefined },
  { name: '1001 objects in one another', text: objects(1001), problem: tooDeep },
  { name: '1001 lists that are never closed', text: '['.repeat(1001), problem: tooDeep },
  { name: 'lists beside one another', text: `[${'[],'.repeat(2000)}[]]`, problem: undefined },
  { name: 'brackets in a string', text: `"${'['.repeat(2000)}\\"${'{'.repeat(2000)}"`, problem: undefined },
  { name: 'a string that never ends', text: `"${'['.repeat(2000)}`, problem: undefined }
]) {
  t.test(`${name}: ${problem ?? 'read'}`, async (t) => {
    const check = () => checkJsonBounds(text, { what: 'it' })

    if (problem === undefined) t.doesNotThrow(check)
    else t.throws(check, { code: 'json_invalid', message: problem })
  })
}

for (const { text, problem } of [
  { text: '[1,2,3]', problem: undefined },
  { text: '[1,2,3,4,5]', problem: tooMany },
  { text: '{"a":1,"b":2,"c":"1,2,3,4,5"}', problem: undefined },
  { text: '{"a":{},"b":{},"c":{}}', problem: tooMany }
]) {
  t.test(`${text}, of which 5 values may be read: ${problem ?? 'read'}`, async (t) => {
    const check = () => checkJsonBounds(text, { what: 'it', values: 5 })

    if (problem === undefined) t.doesNotThrow(check)
    else t.throws(check, { code: 'json_invalid', message: problem })
  })
}
