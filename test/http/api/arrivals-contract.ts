import type { Test } from 'tap'
import t from 'tap'
import type { Opened } from '../../stores/contract.ts'
import { containerOn, type Site, startSite } from '../../support/assembly-client.ts'

/** Which writes bring an image, so that a build has ended with it, though nothing else may have changed: the same over every store. */
export function arrivalsContract(name: string, open: (t: Test) => Promise<Opened>): void {
  const site = async (t: Test, options = {}) => startSite(t, { stores: (await open(t)).stores, ...options })
  const urlOf = (architecture: string) => `s3://b/${architecture}.tar`
  const images = { amd64: urlOf('amd64'), arm64: urlOf('arm64') }
  const whole = { version: '1', digest: 'sha256:d', images }

  interface Way {
    /** What is sent, and on which images it tells. */
    send(server: Site, id: string): Promise<{ statusCode: number }>
    brings: readonly string[]
  }

  const json = (server: Site, method: 'PUT' | 'PATCH' | 'POST', { url, payload }: { url: string; payload: object }) =>
    server.app.inject({ method, url, payload })
  const add = (server: Site, payload: Record<string, string>) =>
    server.app.inject({
      method: 'POST',
      url: '/api/v0.1/container/add',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ version: '1', digest: 'sha256:d', ...payload }).toString()
    })
  const base = (id: string) => `/api/v1/containers/${encodeURIComponent(id)}`
  const one = (id: string) => ({ op: 'put-image', id, architecture: 'arm64', url: urlOf('arm64') })

  const ways: Record<string, Way> = {
    'PUT of one image': {
      send: (server, id) => json(server, 'PUT', { url: `${base(id)}/images/arm64`, payload: { url: urlOf('arm64') } }),
      brings: ['arm64']
    },
    'a patch that names it': {
      send: (server, id) => json(server, 'PATCH', { url: base(id), payload: { images: { aarch64: urlOf('arm64') } } }),
      brings: ['arm64']
    },
    'an item of a batch': {
      send: (server, id) => json(server, 'POST', { url: '/api/v1/batch', payload: { atomic: false, items: [one(id)] } }),
      brings: ['arm64']
    },
    'an item of a batch of all or none': {
      send: (server, id) => json(server, 'POST', { url: '/api/v1/batch', payload: { atomic: true, items: [one(id)] } }),
      brings: ['arm64']
    },
    'container/add': {
      send: (server, id) => add(server, { name: id, url: urlOf('amd64'), urls: JSON.stringify(images) }),
      brings: ['amd64', 'arm64']
    },
    'container/add with another digest': {
      send: (server, id) => add(server, { name: id, url: urlOf('amd64'), urls: JSON.stringify(images), digest: 'sha256:e' }),
      brings: ['amd64', 'arm64']
    },
    'container/add that merges': {
      send: (server, id) => add(server, { name: id, merge: 'true', urls: JSON.stringify({ arm64: urlOf('arm64') }) }),
      brings: ['arm64']
    },
    'PUT of the whole container': {
      send: (server, id) => json(server, 'PUT', { url: base(id), payload: whole }),
      brings: []
    },
    'a patch that names another': {
      send: (server, id) => json(server, 'PATCH', { url: base(id), payload: { version: '2' } }),
      brings: []
    }
  }

  for (const [way, { send, brings }] of Object.entries(ways)) {
    const id = `arrives-${Object.keys(ways).indexOf(way)}:1`
    const what = brings.length === 0 ? 'ends no build' : `ends the build of ${brings.join(' and ')}, and the plan knows what from`

    t.test(`${name}: ${way}, of images that are there already, ${what}`, async (t) => {
      const server = await site(t, { expected: ['amd64', 'arm64'] })
      const container = containerOn(server, id)
      const plan = async (sources: object) =>
        (await json(server, 'POST', { url: '/api/v1/plan', payload: { container: id, sources } })).json()
      const done = async (status: string, commit: string) => {
        for (const architecture of ['amd64', 'arm64']) await container.build(architecture, { status, source: { commit } })
      }
      await done('running', 'c1')
      await container.put('', whole)
      await done('succeeded', 'c1')
      t.match(await plan({ '*': { commit: 'c1' } }), { build: [], reuse: ['amd64', 'arm64'] })

      server.later(1)
      await done('running', 'c2')
      server.later(1)
      const sent = await send(server, id)
      const running = await plan({ '*': { commit: 'c2' } })
      await done('failed', 'c2')
      const failed = (await container.get()).body
      server.later(1)
      await send(server, id)
      const after = (await container.get()).body

      t.equal(sent.statusCode, 200)
      t.strictSame(running.reuse, brings)
      t.match(failed, { state: 'degraded', reasons: [{ architecture: 'amd64' }, { architecture: 'arm64' }] })
      t.strictSame(
        after.reasons.map(({ architecture }: { architecture: string }) => architecture),
        ['amd64', 'arm64'],
        'the same images again mend nothing'
      )
      t.equal(after.state, 'degraded')
    })
  }

  t.test(`${name}: a build of a container that only has a url is that of its amd64 image`, async (t) => {
    const server = await site(t)
    const container = containerOn(server, 'arrives-plain:1')
    const plain = { name: 'arrives-plain:1', url: urlOf('amd64') }
    await add(server, plain)

    await container.build('amd64', { status: 'failed', reason: 'no space left' })
    t.match((await container.get()).body, { state: 'degraded', reasons: [{ code: 'build_failed', architecture: 'amd64' }] })
    server.later(1)
    await add(server, plain)
    t.match((await container.get()).body, { state: 'degraded' }, 'the same image again mends nothing')
    await add(server, { ...plain, digest: 'sha256:rebuilt' })

    t.match((await container.get()).body, { state: 'complete', reasons: [] })
  })
}
