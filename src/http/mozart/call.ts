import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Parameters } from './parameters.ts'
import type { Words } from './words.ts'

/** One request, its parameters read, in the words of its version. */
export interface Call {
  request: FastifyRequest
  reply: FastifyReply
  parameters: Parameters
  words: Words
}

export type Handler = (call: Call) => Promise<FastifyReply>
