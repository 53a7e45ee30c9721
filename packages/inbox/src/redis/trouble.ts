import { WebhookError } from '@hookproof/core';

interface Trouble {
  readonly sign: RegExp;
  readonly what: string;
  readonly fix: string;
}

/** What Redis, its client or TLS says, what that means, and what to do. */
const troubles: readonly Trouble[] = [
  {
    sign: /\bOOM\b/,
    what: 'Redis has no memory left',
    fix: 'Raise its maxmemory, or make room: looking, pruning and discarding still work.',
  },
  {
    sign: /^CROSSSLOT\b|same slot/i,
    what: 'Redis is a cluster, in which all keys of an inbox must be in one slot',
    fix: 'Give redisInbox a prefix in braces, such as prefix: "{hookproof}".',
  },
  {
    sign: /^(MOVED|ASK)\b/,
    what: 'Redis is a cluster, and this client knows one of its servers only',
    fix: 'Make the connection with new Cluster([…]) of ioredis, and give redisInbox a prefix in braces, such as "{hookproof}".',
  },
  {
    sign: /\bREADONLY\b/,
    what: 'Redis is a replica, or has become one, and takes no writes',
    fix: 'Give ioredis an address that follows the primary, or its sentinels.',
  },
  {
    sign: /^(NOAUTH|WRONGPASS)\b/,
    what: 'Redis did not accept who connects',
    fix: 'Are username and password of the ioredis client correct, or those in its URL?',
  },
  {
    sign: /\bNOPERM\b|\bACL failure\b|can't run this command/,
    what: "The connection's user in Redis may not do what an inbox does",
    fix: 'Allow it the keys of the prefix: ACL SETUSER <name> ~hookproof:* +@read +@write +@scripting +@connection +info.',
  },
  {
    sign: /\bMISCONF\b/,
    what: 'Redis cannot write to its disk, and takes no writes',
    fix: 'Its log says why. Is the disk full?',
  },
  { sign: /^(LOADING|CLUSTERDOWN|MASTERDOWN)\b/, what: 'Redis is not ready', fix: 'Its log says what it waits for.' },
  {
    sign: /max number of clients/,
    what: 'Redis takes no more connections',
    fix: 'Raise its maxclients, or have fewer processes.',
  },
  {
    sign: /self[- ]signed|unable to (verify|get)|certificate|altnames/i,
    what: 'The certificate of Redis is not trusted',
    fix: 'Give ioredis the certificate that signed it: new Redis(url, { tls: { ca } }).',
  },
  {
    sign: /wrong version number|packet length too long|before secure TLS|Protocol error, got/i,
    what: 'One side speaks TLS and the other does not',
    fix: 'Use rediss:// where the server speaks TLS, and redis:// where it does not.',
  },
];

const reach =
  'Is Redis running and in reach, and was the connection that redisInbox was given not closed before the inbox?';

/**
 * What went wrong with Redis in words, and what to do where that is known. Not with what the client threw as its cause: that holds the command with all of
 * its arguments, and so what was delivered.
 *
 * @param said what the client threw or last told of, if anything
 */
export function wordsFor(what: string, said: unknown): { readonly text: string; readonly fix: string | undefined } {
  const message = said instanceof Error ? said.message : '';
  const known = troubles.find(({ sign }) => sign.test(message));
  const heard = message === '' ? '' : ` It says: "${message.slice(0, 200)}".`;
  const meaning = known === undefined ? '' : ` ${known.what}.`;
  return { text: `${what}${meaning}${heard}`, fix: known?.fix };
}

/** The error of an inbox for it; `otherwise` is what to do where that is not known. */
export function troubleWith(what: string, said: unknown, otherwise: string = reach): WebhookError {
  const { text, fix = otherwise } = wordsFor(what, said);
  return new WebhookError('inbox_unavailable', text, { fix });
}
