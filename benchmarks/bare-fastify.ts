import { readFileSync } from 'node:fs'
import fastify from 'fastify'

/* The ceiling for one Node process: a Fastify route that sends a fixed document. `bare-fastify.js PORT FILE` */
const [port, file] = process.argv.slice(2)
const document = readFileSync(file!)
const app = fastify()
app.get('/info', (_, reply) => {
  reply.header('content-type', 'application/json').send(document)
})
await app.listen({ port: Number(port), host: '127.0.0.1' })
