import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryDirectory } from '../stores/embedded/directory.ts'
import { projectFolder } from '../support/project.ts'

/** A program of two files, with this project's way to compile it. */
async function smallProject(t: Test) {
  const folder = temporaryDirectory(t)
  await mkdir(join(folder, 'src'))
  await symlink(join(projectFolder, 'node_modules'), join(folder, 'node_modules'))
  for (const name of ['tsconfig.json', 'tsconfig.src.json', 'package.json', 'package-lock.json']) {
    await copyFile(join(projectFolder, name), join(folder, name))
  }
  const write = (name: string, text: string) => writeFile(join(folder, 'src', name), text)
  await write('main.ts', "import { word } from './word.ts'\nconsole.log(word)\n")
  await write('word.ts', "export const word: string = 'one'\n")
  const run = (file: string) =>
    new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [file], { cwd: folder }, (error, stdout, stderr) => resolve({ status: error ? 1 : 0, stdout, stderr }))
    })
  return { folder, write, compile: () => run(join(projectFolder, 'tools/compile.js')), main: () => run('build/src/main.js') }
}

t.test('npm start compiles what changed, says so, and compiles nothing when nothing did', async (t) => {
  const { folder, write, compile, main } = await smallProject(t)

  const first = await compile()
  const again = await compile()
  await write('word.ts', "export const word: string = 'two'\n")
  const changed = await compile()
  const { stdout } = await main()
  await rename(join(folder, 'src/word.ts'), join(folder, 'src/words.ts'))
  await write('main.ts', "export * from './words.ts'\n")
  const renamed = await compile()
  await write('main.ts', 'export const = 1\n')
  const broken = await compile()
  const stillBroken = await compile()

  const said = /^Leporello is being compiled.*\nCompiled in \d+\.\d s\.\n$/
  t.match(first, { status: 0, stderr: said })
  t.strictSame(again, { status: 0, stdout: '', stderr: '' })
  t.match(changed, { status: 0, stderr: said })
  t.equal(stdout, 'two\n')
  t.match(renamed, { status: 0, stderr: said })
  t.match([broken, stillBroken], [{ status: 1, stderr: /main\.ts/ }, { status: 1 }])
  t.notOk(existsSync(join(folder, 'build/.tsbuildinfo')), 'only npm run build compiles incrementally')
})
