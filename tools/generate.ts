import { writeFile } from 'node:fs/promises'
import { generated } from './generated.ts'

for (const { path, text } of await generated()) {
  await writeFile(path, text)
  process.stdout.write(`${path}\n`)
}
