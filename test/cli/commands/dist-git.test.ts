import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryDirectory } from '../../stores/embedded/directory.ts'
import { serve } from '../served.ts'

async function site(t: Test) {
  const { run, json, add } = await serve(t)
  const [folder, sources] = [join(temporaryDirectory(t), 'dist-git'), temporaryDirectory(t)]
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' })
  const report = (id: string, architecture: string, text: string) => {
    const file = join(sources, 'Containerfile')
    writeFileSync(file, text)
    return run(['report', id, architecture, 'succeeded', '--containerfile', file])
  }
  const build = async (id: string, text: string) => {
    await add({ name: id, url: `s3://b/${id}` })
    return report(id, 'amd64', text)
  }
  const move = (...args: string[]) => run(['promote', 'current', ...args])
  const distGit = (...args: string[]) => run(['dist-git', '--channel', 'current', '--into', folder, ...args])
  const setOf = (...ids: string[]) => {
    const file = join(sources, 'ids')
    writeFileSync(file, `${ids.join('\n')}\n`)
    return file
  }
  return { run, json, add, folder, git, build, move, distGit, setOf }
}

t.test('the Containerfiles of a channel are committed, a commit for each promotion, and nothing where nothing changed', async (t) => {
  const { folder, git, build, move, distGit, setOf } = await site(t)
  await build('team/nova:1', 'FROM nova-1\n')
  await build('heat:1', 'FROM heat-1\r\n')
  await move('--set', setOf('team/nova:1', 'heat:1'), '--reason', 'first\n\nLeporello-Promotion: other 9')

  const first = await distGit()
  const again = await distGit()
  await build('team/nova:2', 'FROM nova-2\n')
  await move('--set', setOf('team/nova:2', 'heat:1'), '--reason', 'newer nova')
  await move('--set', setOf('team/nova:2'), '--reason', 'no heat')
  writeFileSync(join(folder, 'README'), 'ours\n')
  git('add', 'README')
  git('-c', 'user.name=x', '-c', 'user.email=x@y', 'commit', '-qm', 'a page of our own')
  const second = await distGit()
  const last = await distGit()

  t.match(first, { status: 0, stdout: 'current: 1 commit, up to promotion 1\n', stderr: '' })
  t.match(again, { status: 0, stdout: 'current: nothing changed\n' })
  t.match(second, { status: 0, stdout: 'current: 2 commits, up to promotion 3\n' })
  t.match(last, { status: 0, stdout: 'current: nothing changed\n' })
  t.equal(
    git('log', '--reverse', '--format=%s'),
    'current: first Leporello-Promotion: other 9\na page of our own\ncurrent: newer nova\ncurrent: no heat\n'
  )
  t.match(git('log', '-1', '--format=%an|%b'), /^\S.*\|Leporello-Promotion: current 3\n/)
  t.equal(git('show', 'HEAD~1:heat/Containerfile'), 'FROM heat-1\r\n')
  t.equal(readFileSync(join(folder, 'team/nova/Containerfile'), 'utf8'), 'FROM nova-2\n')
  t.notOk(existsSync(join(folder, 'heat')))
  t.equal(git('status', '--porcelain'), '')
})

t.test('two repositories of one channel have the same commits', async (t) => {
  const { run, folder, git, build, move, setOf, distGit } = await site(t)
  await build('nova:1', 'FROM nova-1\n')
  await move('--set', setOf('nova:1'))
  const other = join(temporaryDirectory(t), 'other')

  await distGit()
  await run(['dist-git', '--channel', 'current', '--into', other])

  t.equal(execFileSync('git', ['-C', other, 'rev-parse', 'HEAD'], { encoding: 'utf8' }), git('rev-parse', 'HEAD'))
  t.ok(existsSync(folder))
})

t.test('an image whose Containerfile is not known is left out with the reason, and keeps its folder', async (t) => {
  const { run, json, add, folder, git, build, move, distGit, setOf } = await site(t)
  await build('nova:1', 'FROM nova-1\n')
  await build('heat:1', 'FROM heat-1\n')
  await move('--set', setOf('nova:1', 'heat:1'))
  await distGit()
  await add({ name: 'nova:2', url: 's3://b/nova:2' })
  await run(['report', 'nova:2', 'amd64', 'succeeded', '--source', 'containerfile=sha256:0d5a'])
  await move('--set', setOf('nova:2', 'heat:1'))
  const before = git('rev-parse', 'HEAD')

  const without = await distGit()
  const asJson = await json(['dist-git', '--channel', 'current', '--into', folder])
  const kept = readFileSync(join(folder, 'nova/Containerfile'), 'utf8')
  await run(['report', 'nova:2', 'amd64', 'running'])
  await build('nova:2', 'FROM nova-2\n')
  const late = await distGit()

  const reason = 'amd64: its build named a Containerfile, sha256:0d5a, and did not bring it'
  t.match(without, { status: 0, stdout: 'current: nothing changed\n', stderr: `left out: nova:current: ${reason}\n` })
  t.match(asJson.value, { channel: 'current', commits: [], left_out: [{ id: 'nova:current', repository: 'nova', reason }] })
  t.equal(kept, 'FROM nova-1\n')
  t.match(late, { status: 0, stdout: 'current: 1 commit, up to promotion 2\n', stderr: '' })
  t.equal(readFileSync(join(folder, 'nova/Containerfile'), 'utf8'), 'FROM nova-2\n')
  t.equal(git('rev-parse', 'HEAD~1'), before)
})

t.test('it pushes to origin', async (t) => {
  const { folder, git, build, move, distGit, setOf } = await site(t)
  const origin = join(temporaryDirectory(t), 'origin.git')
  execFileSync('git', ['init', '-q', '--bare', origin])
  await build('nova:1', 'FROM nova-1\n')
  await move('--set', setOf('nova:1'))

  const unknown = await distGit('--push')
  git('remote', 'add', 'origin', origin)
  const pushed = await distGit('--push')

  t.match(unknown, { status: 1, stderr: /^leporello: git push in .* failed: .*origin/ })
  t.match(pushed, { status: 0 })
  t.equal(execFileSync('git', ['-C', origin, 'rev-list', '--all'], { encoding: 'utf8' }), git('rev-parse', 'HEAD'))
  t.ok(existsSync(folder))
})

t.test('a folder that is not a repository of the channel, or has changes, is refused and left as it is', async (t) => {
  const { run, folder, git, build, move, distGit, setOf } = await site(t)
  await build('nova:1', 'FROM nova-1\n')
  await move('--set', setOf('nova:1'))
  await run(['promote', 'other', '--set', setOf('nova:1')])
  const foreign = temporaryDirectory(t)
  const into = (path: string, channel = 'current') => run(['dist-git', '--channel', channel, '--into', path])
  const inForeign = (...args: string[]) => execFileSync('git', ['-C', foreign, ...args], { encoding: 'utf8' })
  writeFileSync(join(foreign, 'letter'), 'mine\n')

  const plain = await into(foreign)
  inForeign('init', '-q')
  const dirty = await into(foreign)
  inForeign('add', '-A')
  inForeign('-c', 'user.name=x', '-c', 'user.email=x@y', 'commit', '-qm', 'mine')
  const another = await into(foreign)
  mkdirSync(join(foreign, 'sub'))
  writeFileSync(join(foreign, 'sub', 'x'), '')
  const inside = await into(join(foreign, 'sub'))
  await distGit()
  const otherChannel = await into(folder, 'other')
  writeFileSync(join(folder, 'nova', 'Containerfile'), 'FROM edited\n')
  const edited = await distGit()
  git('checkout', '-q', '.')
  symlinkSync(foreign, join(folder, 'heat'))
  git('add', '-A')
  git('-c', 'user.name=x', '-c', 'user.email=x@y', 'commit', '-qm', 'a link')
  const linked = await distGit()

  t.match(plain, { status: 64, stderr: /has files, and is not a git repository; expected an empty folder/ })
  t.match(dirty, { status: 64, stderr: /has changes that are not committed: letter; commit them/ })
  t.match(another, { status: 64, stderr: /is a git repository that dist-git did not make/ })
  t.match(inside, { status: 64, stderr: /is inside the git repository .*; expected an empty folder/ })
  t.match(otherChannel, { status: 64, stderr: /is the repository of the channel current; expected another folder for other/ })
  t.match(edited, { status: 64, stderr: /has changes that are not committed: nova\/Containerfile/ })
  t.match(linked, { status: 64, stderr: /has the symbolic link heat/ })
  t.equal(inForeign('log', '--format=%s'), 'mine\n')
  t.match(await run(['dist-git', '--into', foreign]), { status: 64, stderr: /--channel is missing/ })
  t.match(await into(folder, 'none'), { status: 1, stderr: /there is no channel none/ })
  t.match(await run(['dist-git', '--channel', 'current', '--into', foreign], { PATH: foreign }), {
    status: 1,
    stderr: /git was not found; install it/
  })
})
