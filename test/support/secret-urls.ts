/** Stands in every URL below where it must not be read. */
export const theSecret = 'hunter2'

const parameters = [
  ...[
    'client_secret',
    'private_token',
    'api-key',
    'apikey',
    'auth',
    'jwt',
    'Policy',
    'Key-Pair-Id',
    'Signature',
    'GoogleAccessId',
    'AWSAccessKeyId'
  ],
  ...[
    'X-Amz-Security-Token',
    'X-Amz-Credential',
    'X-Goog-Signature',
    'sig',
    'sv',
    'access_token',
    'refresh-token',
    'password',
    'passwd',
    'pwd'
  ],
  ...['key', 'code', 'session', 'x-oss-signature', 'oauth_token', 'user[password]', '%74oken', 'ticket', 'hmac']
]

const urls: Record<string, string> = {
  'user and password': 's3://user:hunter2@host:9000/bucket/x.tar.gz',
  'a token as user': 'https://hunter2@host/x.tar.gz',
  'a password with an @': 'dav://user:hun@hunter2@host/x',
  'a password with slashes': 's3://AKIA:hun/hunter2@host/x',
  'a password with a question mark and a fragment': 'https://user:a?b#hunter2@host/x',
  'an encoded password': 'https://user:%68%75hunter2%40@host/x',
  'an encoded @': 'https://user:hunter2%40host/x',
  backslashes: 'https:\\\\user:hunter2@host/x',
  'one slash': 'https:/user:hunter2@host/x',
  'no slash': 'https:user:hunter2@host/x',
  'no user': 'https://:hunter2@host/x',
  'a fragment': 'https://host/x#access_token=hunter2',
  'after a semicolon': 'https://host/x?a=1;token=hunter2',
  'an encoded &': 'https://host/x?token=abc%26hunter2&a=1',
  'a value with a semicolon': 'https://host/x?sig=abc;hunter2',
  'a presigned URL': 'https://b.s3.amazonaws.com/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=hunter2&X-Amz-Date=1',
  'a SAS of Azure': 'https://a.blob.core.windows.net/c/x?sv=hunter2&se=2030-01-01&sr=b&sp=r&sig=hunter2%3D',
  'a cookie of CloudFront': 'https://d1.cloudfront.net/x?Policy=hunter2_&Signature=hunter2~&Key-Pair-Id=hunter2'
}

/** One URL for each way in which URLs carry secrets. */
export const secretUrls: { kind: string; url: string }[] = [
  ...Object.entries(urls).map(([kind, url]) => ({ kind, url })),
  ...parameters.map((name) => ({ kind: name, url: `https://host/x?a=1&${name}=hunter2&z=2` }))
]
