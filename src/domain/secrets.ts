const masks: readonly (readonly [RegExp, string])[] = [
  // s3://user:secret@host, up to the last @: a secret may hold one
  [/:\/\/[^\s/"'?#]*@/g, '://***@'],
  // s3://AKIA:se/cret@host, s3://my user:my secret@host, with slashes and blanks as they are: the colon is not followed by a port or a
  // blank, nor is it, after a blank, another URL's. It ends before another `://`, or a text of many would be read from each of them to
  // its end
  [/:\/\/(?:[^\s/"'@?#:]*:|[^/"'@?#:\r\n]*:(?!\/\/))(?!\s|\d+(?:[/"'\s?#]|$))(?:(?!:\/\/)[^"'@\r\n])*@(?:[^\s/"'?#]*@)?/g, '://***@'],
  // the same inside a query string
  [/%3A%2F%2F(?:(?!%2F|%3F|%23)[^\s/"'@&])*%40/gi, '%3A%2F%2F***%40'],
  // presigned URLs and tokens, plain or inside a query string
  [
    /([?&;\s]|%3F|%26|^)((?:x-amz-[a-z-]+|x-goog-[a-z-]+|awsaccesskeyid|signature|sig|token|access_token|password|passwd|secret|api_?key)(?:=|%3D))(?:(?!%26)[^&\s"'#;])+/gi,
    '$1$2***'
  ]
]

/**
 * Masks the secrets that URLs carry: `user:password@`, and the values of signing and token parameters. For logs, errors and
 * metrics; the stored document keeps them.
 */
export const maskSecrets = (text: string): string =>
  masks.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text)

/** Longer than any real secret. */
const longestSecret = 1024

/** Returns the start of a text without secrets. It is masked before it is cut, as half a secret is not recognized as one. */
export const maskedStart = (text: string, length: number): string => maskSecrets(text.slice(0, length + longestSecret)).slice(0, length)
