import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createInterface } from 'node:readline'
import type { Config } from '../config/config.ts'
import { maskSecrets } from '../domain/secrets.ts'
import type { Problem } from '../schemas.ts'
import { complain, exit, type Values } from './command.ts'

/** A Leporello server, as commands speak to it. */
export interface Api {
  url: string
  /** Asks, and reads the answer as JSON. Throws an ApiError. */
  ask<Answer>(request: ApiRequest): Promise<Answer>
  /** The same where the answer is a line of JSON for each thing, as they come. */
  lines<Line>(request: ApiRequest): AsyncGenerator<Line>
}

export interface ApiRequest {
  method: 'GET' | 'POST'
  /** Behind the server's address. */
  path: string
  headers?: Record<string, string>
}

/** A refusal in the server's words, or no answer at all: then `problem` is absent. */
export type ApiError = Error & { problem?: Problem; status?: number }

/** Beyond that, what answers is not the server that was meant. */
const maxAnswer = 64 * 1024 * 1024

/** The option that every command with a server has. */
export const urlOption = { type: 'string', help: 'the server; default: LEPORELLO_URL, or http://127.0.0.1:8888' } as const

/** The server that `--url` or LEPORELLO_URL names; undefined after having said what is wrong with `--url`. */
export function apiFor({ client }: Pick<Config, 'client'>, values: Values): Api | undefined {
  const given = values['url']
  const url = typeof given === 'string' ? given.replace(/\/+$/, '') : client.url
  if (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url)) return openApi(url, client.token)
  complain(`leporello: --url is ${JSON.stringify(maskSecrets(url))}; expected an http:// or https:// URL, such as http://127.0.0.1:8888`)
  return undefined
}

function openApi(url: string, token: string | undefined): Api {
  const shown = maskSecrets(url)

  async function answered(request: ApiRequest): Promise<IncomingMessage> {
    const answer = await send(url + request.path, { ...request, token }).catch((error: NodeJS.ErrnoException) => {
      throw new Error(`${shown} cannot be reached: ${error.message || error.code}`, { cause: error })
    })
    if (answer.statusCode === 200 || answer.statusCode === 201) return answer
    throw refusalOf(answer.statusCode!, { text: await textOf(answer), what: `${request.method} ${shown}${request.path}` })
  }

  return {
    url: shown,
    async ask<Answer>(request: ApiRequest) {
      const text = await textOf(await answered(request))
      try {
        return JSON.parse(text) as Answer
      } catch {
        throw new Error(`${shown} did not answer as Leporello does: ${JSON.stringify(text.slice(0, 100))}`)
      }
    },
    async *lines<Line>(request: ApiRequest) {
      const answer = await answered(request)
      // an empty line is a sign of life
      for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (line !== '') yield JSON.parse(line) as Line
      }
      if (!answer.complete) throw new Error(`${shown} broke off in the middle of its answer`)
    }
  }
}

interface Sending extends ApiRequest {
  token: string | undefined
}

function send(target: string, { method, headers, token }: Sending): Promise<IncomingMessage> {
  const url = new URL(target)
  const { username, password } = url
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  const authorization = token !== undefined ? `Bearer ${token}` : username ? `Basic ${login}` : undefined
  Object.assign(url, { username: '', password: '' })
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest
    request(url, { method, headers: { ...headers, accept: 'application/json', ...(authorization && { authorization }) } })
      .on('error', reject)
      .on('response', resolve)
      .end()
  })
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) {
    text += chunk
    if (text.length > maxAnswer) throw new Error(`the answer is larger than ${maxAnswer} bytes`)
  }
  return text
}

function refusalOf(status: number, { text, what }: { text: string; what: string }): ApiError {
  try {
    const problem = JSON.parse(text) as Problem
    if (typeof problem.code === 'string') return Object.assign(new Error(problem.detail), { problem, status })
  } catch {
    // not ours: a proxy's page, say
  }
  return Object.assign(new Error(`${what} was answered ${status}: ${maskSecrets(text.trim().slice(0, 200))}`), { status })
}

/** Says what went wrong; the exit status that tells it to programs. */
export function failed(error: unknown): number {
  const { message, status } = error as ApiError
  complain(`leporello: ${maskSecrets(message)}`)
  return status === undefined || status >= 500 ? exit.unreachable : status === 400 ? exit.usage : exit.wrong
}
