import type { Command } from './terminal/terminal.ts'

/** Commands are imported when they are used, so that `leporello --version` does not load a web server. */
const table: Record<string, [summary: string, load: () => Promise<Command>]> = {
  serve: ['run the server', async () => (await import('./commands/serve.ts')).serve],
  migrate: ["bring the store to this program's version", async () => (await import('./commands/migrate.ts')).migrate],
  ls: ['list containers', async () => (await import('./commands/ls.ts')).ls],
  show: ['show a container, architecture by architecture', async () => (await import('./commands/show.ts')).show],
  resolve: ['print the URL of the image that a machine runs', async () => (await import('./commands/resolve.ts')).resolve],
  register: ['register images by URL', async () => (await import('./commands/register.ts')).register],
  push: ['check, upload and register tarballs', async () => (await import('./commands/push.ts')).push],
  expect: ['set which architectures a container must have', async () => (await import('./commands/expect.ts')).expect],
  plan: ['tell which images to build and which to reuse', async () => (await import('./commands/plan.ts')).plan],
  report: ['report the status of a build or a test', async () => (await import('./commands/report.ts')).report],
  wait: ['wait until a container is complete', async () => (await import('./commands/wait.ts')).wait],
  history: ['show what happened to a container', async () => (await import('./commands/history.ts')).history],
  restore: ['restore a revision of a container, or a backup', async () => (await import('./commands/restore.ts')).restore],
  'list-images': ['print the names of images, for another builder', async () => (await import('./commands/list-images.ts')).listImages],
  discover: ['find the tags that the images of a list have', async () => (await import('./commands/discover.ts')).discover],
  publish: ['bring a container to another registry', async () => (await import('./commands/publish.ts')).publish],
  pull: ['bring an image of another registry here', async () => (await import('./commands/pull.ts')).pull],
  promote: ['move a channel to a whole set of images', async () => (await import('./commands/promote.ts')).promote],
  rollback: ['move a channel back to an earlier set', async () => (await import('./commands/promote.ts')).rollback],
  channels: ['list channels, or show one', async () => (await import('./commands/channels.ts')).channels],
  release: ['freeze a set of images under a name', async () => (await import('./commands/releases.ts')).release],
  releases: ['list frozen releases, or print one', async () => (await import('./commands/releases.ts')).releases],
  'dist-git': ['commit the Containerfiles of a channel to a git repository', async () => (await import('./commands/dist-git.ts')).distGit],
  render: ['fill the keys of a template of an image list', async () => (await import('./commands/render.ts')).render],
  events: ['follow changes as they happen', async () => (await import('./commands/events.ts')).events],
  rm: ['remove a container, or one of its images', async () => (await import('./commands/rm.ts')).rm],
  doctor: ['find faults, and tell what to do', async () => (await import('./commands/doctor.ts')).doctor],
  copy: ['copy all documents to another store', async () => (await import('./commands/copy.ts')).copy],
  backup: ['save all documents and tarballs to a folder', async () => (await import('./commands/backup.ts')).backup],
  inspect: ['prove the architecture of a tarball', async () => (await import('./commands/inspect.ts')).inspect],
  verify: ["prove the architectures of a container's images", async () => (await import('./commands/verify.ts')).verify],
  backfill: ['add architectures to records that have only a url', async () => (await import('./commands/backfill.ts')).backfill],
  fsck: ['compare records, facts and tarballs, and repair them', async () => (await import('./commands/fsck.ts')).fsck],
  token: ['make, list and revoke tokens', async () => (await import('./commands/token.ts')).token],
  'container-met': [
    "upload and register a tarball, as the builder's script does",
    async () => (await import('./commands/container-met.ts')).containerMet
  ],
  completion: ['print a completion script for a shell', async () => (await import('./commands/completion.ts')).completion]
}

/** Every command, in the order of the overview. */
export const commands = new Map(Object.entries(table).map(([name, [summary, load]]) => [name, { summary, load }]))

/** Loads every command, in the order of the overview: for completion, hints and the generated documentation. */
export const loadCommands = () =>
  Promise.all([...commands].map(async ([name, { summary, load }]) => ({ name, summary, command: await load() })))
