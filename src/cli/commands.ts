import type { Command } from './terminal/command.ts'

interface CommandEntry {
  /** One line for the overview. */
  summary: string
  /** Imports the command when it is used, so that `leporello --version` does not load a web server. */
  load(): Promise<Command>
}

export const commands: ReadonlyMap<string, CommandEntry> = new Map(
  Object.entries({
    serve: { summary: 'run the server', load: async () => (await import('./commands/serve.ts')).serve },
    migrate: { summary: "bring the store to this program's version", load: async () => (await import('./commands/migrate.ts')).migrate },
    ls: { summary: 'list containers', load: async () => (await import('./commands/ls.ts')).ls },
    show: { summary: 'show a container, architecture by architecture', load: async () => (await import('./commands/show.ts')).show },
    resolve: {
      summary: 'print the URL of the image that a machine runs',
      load: async () => (await import('./commands/resolve.ts')).resolve
    },
    register: { summary: 'register images by URL', load: async () => (await import('./commands/register.ts')).register },
    push: { summary: 'check, upload and register tarballs', load: async () => (await import('./commands/push.ts')).push },
    expect: { summary: 'set which architectures a container must have', load: async () => (await import('./commands/expect.ts')).expect },
    plan: { summary: 'tell which images to build and which to reuse', load: async () => (await import('./commands/plan.ts')).plan },
    report: { summary: 'report the status of a build or a test', load: async () => (await import('./commands/report.ts')).report },
    wait: { summary: 'wait until a container is complete', load: async () => (await import('./commands/wait.ts')).wait },
    history: { summary: 'show what happened to a container', load: async () => (await import('./commands/history.ts')).history },
    restore: {
      summary: 'restore a revision of a container, or a backup',
      load: async () => (await import('./commands/restore.ts')).restore
    },
    'list-images': {
      summary: 'print the names of images, for another builder',
      load: async () => (await import('./commands/list-images.ts')).listImages
    },
    discover: {
      summary: 'find the tags that the images of a list have',
      load: async () => (await import('./commands/discover.ts')).discover
    },
    publish: {
      summary: 'bring a container to another registry',
      load: async () => (await import('./commands/publish.ts')).publish
    },
    pull: { summary: 'bring an image of another registry here', load: async () => (await import('./commands/pull.ts')).pull },
    promote: { summary: 'move a channel to a whole set of images', load: async () => (await import('./commands/promote.ts')).promote },
    rollback: { summary: 'move a channel back to an earlier set', load: async () => (await import('./commands/rollback.ts')).rollback },
    channels: { summary: 'list channels, or show one', load: async () => (await import('./commands/channels.ts')).channels },
    release: { summary: 'freeze a set of images under a name', load: async () => (await import('./commands/release.ts')).release },
    releases: { summary: 'list frozen releases, or print one', load: async () => (await import('./commands/releases.ts')).releases },
    'dist-git': {
      summary: 'commit the Containerfiles of a channel to a git repository',
      load: async () => (await import('./commands/dist-git.ts')).distGit
    },
    render: { summary: 'fill the keys of a template of an image list', load: async () => (await import('./commands/render.ts')).render },
    events: { summary: 'follow changes as they happen', load: async () => (await import('./commands/events.ts')).events },
    rm: { summary: 'remove a container, or one of its images', load: async () => (await import('./commands/rm.ts')).rm },
    doctor: { summary: 'find faults, and tell what to do', load: async () => (await import('./commands/doctor.ts')).doctor },
    copy: { summary: 'copy all documents to another store', load: async () => (await import('./commands/copy.ts')).copy },
    backup: { summary: 'save all documents and tarballs to a folder', load: async () => (await import('./commands/backup.ts')).backup },
    inspect: { summary: 'prove the architecture of a tarball', load: async () => (await import('./commands/inspect.ts')).inspect },
    verify: { summary: "prove the architectures of a container's images", load: async () => (await import('./commands/verify.ts')).verify },
    backfill: {
      summary: 'add architectures to records that have only a url',
      load: async () => (await import('./commands/backfill.ts')).backfill
    },
    fsck: { summary: 'compare records, facts and tarballs, and repair them', load: async () => (await import('./commands/fsck.ts')).fsck },
    token: { summary: 'make, list and revoke tokens', load: async () => (await import('./commands/token.ts')).token },
    'container-met': {
      summary: "upload and register a tarball, as the builder's script does",
      load: async () => (await import('./commands/container-met.ts')).containerMet
    },
    completion: {
      summary: 'print a completion script for a shell',
      load: async () => (await import('./commands/completion.ts')).completion
    }
  })
)

/** A command with its name and summary, for whatever describes all of them. */
export interface NamedCommand {
  name: string
  summary: string
  command: Command
}

/** Loads every command, in the order of the overview: for completion, hints and the generated documentation. */
export const loadCommands = (): Promise<NamedCommand[]> =>
  Promise.all([...commands].map(async ([name, { summary, load }]) => ({ name, summary, command: await load() })))
