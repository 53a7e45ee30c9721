import { WebhookError } from '@hookproof/core';

const tls =
  'Give the pool the certificate of who signed it: ssl: { ca: readFileSync("ca.pem", "utf8") }. Never rejectUnauthorized: false: whoever stands between could read and forge every delivery.';

const readOnly = '25006';

/** What Postgres, or the connection to it, refuses for a reason that an operator can remove: what it means, and the fix. */
const troubles: ReadonlyMap<string, readonly [problem: string, fix: string]> = new Map([
  [
    '42501',
    [
      'the role of the pool may not do what the inbox needs',
      'GRANT CREATE ON DATABASE … TO the role, so that it can make the schema; or make that with the role as its owner: CREATE SCHEMA hookproof AUTHORIZATION ….',
    ],
  ],
  [
    readOnly,
    [
      'it is read-only: a standby, a primary that was demoted, or default_transaction_read_only of the role',
      'Connect to the primary, over an address that follows it: the inbox makes new connections until one can write.',
    ],
  ],
  ['28P01', ['the password is wrong', 'Correct the user or the password of the pool.']],
  ['28000', ['this role may not log in from here', 'Correct the user of the pool, or pg_hba.conf of the server.']],
  ['3D000', ['there is no database of this name', 'Correct the database of the pool, or create it.']],
  [
    '53300',
    [
      'it has no connection left',
      'Lower max of your pools, put PgBouncer between, or raise max_connections. An inbox uses up to 6 beside its pool.',
    ],
  ],
  ['53100', ['its disk is full', 'Free space; hookproof inbox prune deletes what was handled.']],
  ['SELF_SIGNED_CERT_IN_CHAIN', ['nobody vouches for its TLS certificate', tls]],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', ['its TLS certificate is self-signed', tls]],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', ['nobody vouches for its TLS certificate', tls]],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', ['nobody vouches for its TLS certificate', tls]],
  ['CERT_HAS_EXPIRED', ['its TLS certificate has expired', 'Renew it on the server.']],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    ['its TLS certificate is for another host', 'Connect by the name that is in the certificate.'],
  ],
  [
    'no TLS',
    ['it does not speak TLS', 'Switch ssl on there, or leave ssl out of the pool on a network that you trust.'],
  ],
]);

/** The same error, or one that says what to do, with it as the cause. */
export function explained(error: unknown): unknown {
  const [problem, fix] = troubles.get(codeOf(error)) ?? [];
  if (problem === undefined || fix === undefined) return error;
  return new WebhookError('inbox_unavailable', `Postgres cannot be used: ${problem}.`, { cause: error, fix });
}

/** Whether it says that nothing can be written over its connection. */
export function isReadOnly(error: unknown): error is Error {
  return codeOf(error) === readOnly;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (error.message === 'The server does not support SSL connections') return 'no TLS';
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : '';
}
