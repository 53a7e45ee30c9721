import type { builtInProviders, Provider } from '@hookproof/core';
import { checkNames, invalid, type OptionNames } from '@hookproof/core/strict';
import { checkFunction, checkHeader, checkNumber } from './check.ts';

/** How a provider sends, as data. */
export interface SendingBehaviour {
  /**
   * Names of the headers in the order and case in which they are sent, with either `Content-Length` or
   * `Transfer-Encoding` (chunked) among them. What has no value for a delivery is left out, and what an event brings
   * besides follows. Where a scheme knows several names of a header, the one that is listed is sent.
   */
  readonly headers: readonly string[];
  readonly userAgent: string | undefined;
  /** Milliseconds for the whole exchange, from the connection to the end of the reply. */
  readonly timeoutMs: number;
  /** Milliseconds between the attempts; there is one attempt more than there are waits. */
  readonly delaysMs: readonly number[];
  /** Whether a status counts as delivered. Redirects are not followed, and `Retry-After` is ignored. */
  readonly delivers: (status: number) => boolean;
  /** Statuses that crash the sender. */
  readonly crashesOn: readonly number[];
  /**
   * Milliseconds from each crash until the sender has started again and sends the delivery as if it never had; the crash
   * after that is its last.
   */
  readonly restartsMs: readonly number[];
  /** The body of a retry, where the provider builds it anew; undefined for the same body. */
  readonly rebuild: ((type: string | undefined, body: Uint8Array) => Uint8Array | undefined) | undefined;
}

const seconds = (...counts: number[]) => counts.map((count) => count * 1_000);

/** What senders have in common, as far as is known. */
const usual = {
  userAgent: undefined,
  timeoutMs: 10_000,
  delaysMs: [],
  delivers: (status: number) => status >= 200 && status < 300,
  crashesOn: [],
  restartsMs: [],
  rebuild: undefined,
};

/**
 * As captured from the running service. It waits 30, 60, 120 and 240 seconds and then for its next poll, which comes every 30
 * seconds in each of its processes: with several of them at once, so that this is the least patience it has.
 */
const grantex: SendingBehaviour = {
  ...usual,
  headers: [
    'content-type',
    'user-agent',
    'x-grantex-signature',
    'x-grantex-signature-v2',
    'x-grantex-timestamp',
    'Host',
    'Connection',
    'Transfer-Encoding',
  ],
  userAgent: 'Grantex-Webhooks/0.1',
  delaysMs: seconds(30, 60, 120, 240),
  crashesOn: [204, 205, 304],
  // The real one does so without end.
  restartsMs: seconds(120, 120, 120, 120),
};

/** By its webhook documentation. How long it waits for a reply is not in it: the usual 10 seconds are a guess. */
const grantiva: SendingBehaviour = {
  ...usual,
  headers: [
    'Host',
    'Content-Type',
    'User-Agent',
    'X-Grantiva-Signature',
    'X-Grantiva-Event',
    'X-Grantiva-Delivery',
    'Content-Length',
    'Connection',
  ],
  userAgent: 'Grantiva-Webhooks/1.0',
  delaysMs: seconds(60, 300, 1_800),
  rebuild: withoutApp,
};

/** By its webhook documentation, which names neither retries nor a time limit: one attempt and 10 seconds are guesses. */
const gravv: SendingBehaviour = {
  ...usual,
  headers: ['Host', 'Content-Type', 'X-Gravv-Signature', 'Content-Length', 'Connection'],
};

/** The schedule and the time limit that Svix documents, and many senders use. */
const standardWebhooks: SendingBehaviour = {
  ...usual,
  headers: [
    'Host',
    'content-type',
    'user-agent',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
    'Content-Length',
    'Connection',
  ],
  timeoutMs: 15_000,
  delaysMs: seconds(5, 300, 1_800, 7_200, 18_000, 36_000, 36_000),
};

const ofBuiltIn: Readonly<Record<keyof typeof builtInProviders, SendingBehaviour>> = {
  grantiva,
  grantex,
  gravv,
  'standard-webhooks': standardWebhooks,
};

/** What the built-in providers do, by their names. */
export const behaviours: ReadonlyMap<string, SendingBehaviour> = new Map(Object.entries(ofBuiltIn));

const names: OptionNames<SendingBehaviour> = {
  headers: true,
  userAgent: true,
  timeoutMs: true,
  delaysMs: true,
  delivers: true,
  crashesOn: true,
  restartsMs: true,
  rebuild: true,
};

/** What a provider does, with the caller's changes; throws `invalid_options` with the option's name. */
export function behaviourOf(provider: Provider, changes: Partial<SendingBehaviour> = {}): SendingBehaviour {
  checkNames('behaviour', changes, names);
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const behaviour: SendingBehaviour = { ...known(provider), ...given };
  const { headers, userAgent, timeoutMs, delaysMs, delivers, crashesOn, restartsMs, rebuild } = behaviour;
  checkHeaders(headers);
  if (userAgent !== undefined) checkHeader('behaviour.userAgent', 'User-Agent', userAgent);
  checkNumber('behaviour.timeoutMs', timeoutMs, { from: 1, to: longest });
  checkTimes('behaviour.delaysMs', delaysMs);
  checkTimes('behaviour.restartsMs', restartsMs);
  checkFunction('behaviour.delivers', delivers);
  checkFunction('behaviour.rebuild', rebuild);
  if (!Array.isArray(crashesOn) || !crashesOn.every(Number.isInteger)) {
    throw invalid('behaviour.crashesOn must be a list of statuses');
  }
  return behaviour;
}

/** Refuses a wait that is longer than a timer can be. */
export function checkWaits({ delaysMs, restartsMs }: SendingBehaviour, speed: number): void {
  if ([...delaysMs, ...restartsMs].every((delay) => delay / speed <= longest)) return;
  throw invalid(`speed must be higher: the waits would be longer than ${longest} ms`);
}

/** The longest time that a timer of Node's can take, in milliseconds; almost 25 days. */
export const longest = 2_147_483_647;

function known(provider: Provider): SendingBehaviour {
  const ofName = behaviours.get(provider.name);
  if (ofName !== undefined) return ofName;
  const signs = (header: string) => provider.signature.some(({ headers }) => headers.includes(header));
  // standardWebhooks({ name: 'clerk' }) sends as the specification's others do.
  return signs('webhook-signature') ? standardWebhooks : plain(provider);
}

/** A provider of which nothing is known but how it signs: one attempt, within the time that it waits. */
function plain({ signature, notAccepted, headers, envelope, timeoutMs = usual.timeoutMs }: Provider): SendingBehaviour {
  const own = [...signature, ...notAccepted].flatMap((scheme) => [
    scheme.headers[0],
    scheme.timestamp?.headers[0],
    scheme.id?.headers[0],
  ]);
  const parts = [envelope.type, envelope.id, envelope.timestamp].map((part) =>
    typeof part === 'object' ? part.header : undefined,
  );
  const made = new Set([...own, ...parts, headers.type, headers.deliveryId].filter((name) => name !== undefined));
  return {
    ...usual,
    timeoutMs,
    headers: ['Host', 'Content-Type', 'User-Agent', ...made, 'Content-Length', 'Connection'],
  };
}

function checkTimes(option: string, times: unknown): void {
  if (!Array.isArray(times)) throw invalid(`${option} must be a list of milliseconds`);
  times.forEach((time: unknown, index) => {
    checkNumber(`${option}[${index}]`, time ?? 'none', { from: 0, to: longest });
  });
}

function checkHeaders(headers: unknown): void {
  if (!Array.isArray(headers) || !headers.every((name) => typeof name === 'string')) {
    throw invalid('behaviour.headers must be a list of header names');
  }
  for (const name of headers) checkHeader('behaviour.headers', name, '');
  const lower = headers.map((name: string) => name.toLowerCase());
  const twice = lower.find((name, index) => lower.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`behaviour.headers names ${twice} twice`);
  if (lower.includes('content-length') === lower.includes('transfer-encoding')) {
    throw invalid('behaviour.headers must name either Content-Length or Transfer-Encoding');
  }
  if (!lower.includes('host')) throw invalid('behaviour.headers must name Host: HTTP/1.1 demands it');
}

/** Grantiva builds the body of a `risk_alert` anew for a retry, without its bundleId and teamId. */
function withoutApp(type: string | undefined, body: Uint8Array): Uint8Array | undefined {
  if (type !== 'risk_alert') return undefined;
  const text = new TextDecoder().decode(body);
  try {
    const alert: unknown = JSON.parse(text);
    if (typeof alert !== 'object' || alert === null || !('bundleId' in alert)) return undefined;
    return new TextEncoder().encode(JSON.stringify({ ...alert, bundleId: '', teamId: '' }));
  } catch {
    return undefined;
  }
}
