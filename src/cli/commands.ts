import type { Command } from './terminal/command.ts'

interface Entry {
  summary: string
  /** Loaded when used: `leporello --version` does not wait for a web server. */
  load(): Promise<Command>
}

export const commands: ReadonlyMap<string, Entry> = new Map([
  ['serve', { summary: 'run the server', load: async () => (await import('./commands/serve.ts')).serve }],
  ['migrate', { summary: "bring the store to this program's version", load: async () => (await import('./commands/migrate.ts')).migrate }],
  ['ls', { summary: 'list containers by what they are', load: async () => (await import('./commands/ls.ts')).ls }],
  ['show', { summary: 'show a container, architecture by architecture', load: async () => (await import('./commands/show.ts')).show }],
  ['resolve', { summary: 'say what a machine pulls', load: async () => (await import('./commands/resolve.ts')).resolve }],
  ['register', { summary: 'register images by their URLs', load: async () => (await import('./commands/register.ts')).register }],
  ['push', { summary: 'upload tarballs, proven and resumable', load: async () => (await import('./commands/push.ts')).push }],
  [
    'expect',
    { summary: 'say which architectures a container shall have', load: async () => (await import('./commands/expect.ts')).expect }
  ],
  ['plan', { summary: 'say what to build and what to reuse', load: async () => (await import('./commands/plan.ts')).plan }],
  ['report', { summary: 'report how a build or a test stands', load: async () => (await import('./commands/report.ts')).report }],
  ['wait', { summary: 'wait until a container is complete', load: async () => (await import('./commands/wait.ts')).wait }],
  ['history', { summary: 'tell what happened to a container', load: async () => (await import('./commands/history.ts')).history }],
  ['restore', { summary: 'make a container what it was', load: async () => (await import('./commands/restore.ts')).restore }],
  ['events', { summary: 'tell what happens, as it happens', load: async () => (await import('./commands/events.ts')).events }],
  ['rm', { summary: 'take a container away, or one image of it', load: async () => (await import('./commands/rm.ts')).rm }],
  ['doctor', { summary: 'look for what goes wrong, and say what to do', load: async () => (await import('./commands/doctor.ts')).doctor }],
  ['copy', { summary: 'copy all documents to another store', load: async () => (await import('./commands/copy.ts')).copy }],
  ['inspect', { summary: "prove a tarball's architecture", load: async () => (await import('./commands/inspect.ts')).inspect }],
  ['verify', { summary: "prove what a container's images are", load: async () => (await import('./commands/verify.ts')).verify }],
  ['backfill', { summary: 'name the architecture of old records', load: async () => (await import('./commands/backfill.ts')).backfill }],
  ['fsck', { summary: 'compare records, facts and tarballs, and repair', load: async () => (await import('./commands/fsck.ts')).fsck }],
  [
    'container-met',
    {
      summary: "upload and register a tarball, as the builder's script does",
      load: async () => (await import('./commands/container-met.ts')).containerMet
    }
  ],
  ['completion', { summary: "a shell's completion of all this", load: async () => (await import('./commands/completion.ts')).completion }]
])
