import { type DescribedAnswer, type Description, textContent } from '../shared/describes.ts'

const tags = ['tarballs']
const params = { $ref: 'storage-parameters.json#' }
const says = (description: string, example: string): DescribedAnswer => ({ description, content: textContent(`${example}\n`) })

/** By method. OpenAPI does not know MKCOL and PROPFIND; the README explains them. */
export const davDescriptions: Readonly<Record<string, Description>> = {
  GET: {
    summary: 'A tarball, or a page with what is in a folder',
    description:
      'Takes Range, If-Range, If-None-Match, If-Modified-Since and If-Match; a tarball has a strong ETag and a Repr-Digest, its sha256. A client gets the old file, a 404, or the new file, never a part of each.',
    tags,
    params,
    response: {
      200: { description: 'The bytes.', content: textContent('…', 'application/octet-stream') },
      206: { description: 'A part of them.', content: textContent('…', 'application/octet-stream') },
      304: { description: 'It is what the client has.' },
      404: says('There is none.', 'there is no containers/hello.tar.gz'),
      416: says('It is shorter.', 'containers/hello.tar.gz has 10 bytes: none of them lies in the range 20-')
    }
  },
  PUT: {
    summary: 'Store a tarball',
    description:
      'The body is the file, of any size, with a Content-Length or chunked. Folders are made. Content-Digest and Repr-Digest (sha-256) and Content-MD5 are compared. An upload that is cut off, or pauses for a minute, is not stored.',
    tags,
    params,
    consumes: ['application/octet-stream'],
    response: {
      201: { description: 'It is stored, and is new.' },
      204: { description: 'It is stored in place of another.' },
      400: says('Not what it was said to be; nothing was stored.', 'expected 10 bytes, but 9 came; nothing was stored'),
      409: says('A folder of the path is a file, or the path is a folder.', 'containers is a file, not a folder'),
      412: says('A condition was not met.', 'containers/hello.tar.gz exists already; it was to be new (If-None-Match)'),
      507: says('There is no room.', 'the object store is full: 5000000000 bytes are to be stored, and there is room for 1000')
    }
  },
  DELETE: {
    summary: 'Remove a tarball, or an empty folder',
    description:
      'It is removed even if a container names it: clients that replace a file remove it first, as osaka does. The images that are registered there have the status `gone` until a file is put there again; their containers are degraded, and the history and the events say so.',
    tags,
    params,
    response: {
      204: { description: 'It is gone.' },
      404: says('There was none.', 'there is no containers/hello.tar.gz'),
      409: says('Something stands in the folder.', 'containers is not empty')
    }
  }
}
