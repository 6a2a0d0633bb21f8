import type { FastifyReply, FastifyRequest } from 'fastify'
import type { MozartParameters } from './parameters.ts'
import type { Words } from './words.ts'

/** A request with its parameters and the messages of its version. */
export interface MozartCall {
  request: FastifyRequest
  reply: FastifyReply
  parameters: MozartParameters
  words: Words
}

export type MozartHandler = (call: MozartCall) => Promise<FastifyReply>
