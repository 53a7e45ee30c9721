import { WebhookError } from '../error.ts';
import { checkAge } from '../event/age.ts';
import { checkData, readEnvelope } from '../event/envelope.ts';
import type { WebhookEvent } from '../event/event.ts';
import { boundedKey, owned, readKey } from '../event/key.ts';
import { ownerOf } from '../proof/authenticate.ts';
import { cryptography } from '../proof/crypto.ts';
import type { Provider } from '../provider.ts';
import { isThenable } from '../timing/awaitable.ts';
import { inTime } from '../timing/in-time.ts';
import type { Accepted, Inbox, NewDelivery } from './inbox.ts';
import type { Progress, Way } from './progress.ts';

/** Where a receiver stores what it proved. */
export interface Storage {
  readonly provider: Provider;
  readonly inbox: Inbox;
  /** What the inbox knows the receiver by. */
  readonly name: string;
  readonly lane: Lane | undefined;
  readonly handlersFor: (type: string) => readonly unknown[];
  readonly maxEventAgeSeconds: number | undefined;
  readonly timeoutMs: number;
}

/** The `lane` option, which may return anything. */
export type Lane = (event: unknown) => unknown;

/**
 * The rest of the way, which stores a proven delivery as it came, whatever event its JSON holds: the handlers' attempt
 * reads it anew, so that what does not fit becomes a dead letter and is not lost. A body that is not JSON is rejected as
 * it is without an inbox.
 */
export function accepting(storage: Storage): Way<unknown> {
  const { provider, name, handlersFor, maxEventAgeSeconds } = storage;
  const last: Way<unknown>['last'] = async (progress) => {
    const event = readable(progress, () => readEnvelope(provider, progress, progress.proof?.id));
    progress.event = event;
    const stale = event && checkAge(event, maxEventAgeSeconds, progress.proof?.at ?? 0);
    if (stale !== undefined) return stale;
    const type = event?.type;
    if (type !== undefined && handlersFor(type).length === 0) return 'ignored';
    const found = await keyAndLaneOf(storage, event, progress);
    const owner = progress.proof && (await ownerOf(progress.proof));
    const key = found.key && (await owned(owner, found.key));
    progress.key = key;
    const stored = await store(storage, {
      name,
      owner,
      key,
      // For lists alone, where it must not be what a database refuses: the handlers' attempt reads it anew.
      type: type?.replaceAll('\0', '\ufffd'),
      // One owner's events never wait for another's.
      lane: found.lane && (await owned(owner, found.lane)),
      headers: progress.headers.all,
      // A copy: the bytes that arrived may be a view of memory that others share, and they are stored later.
      body: Uint8Array.from(progress.body),
    });
    progress.inboxId = stored.id;
    return stored.isNew ? 'stored' : 'duplicate';
  };
  return { steps: [], last };
}

type KeyAndLane = Pick<NewDelivery, 'key' | 'lane'>;

async function keyAndLaneOf(
  { provider, lane, timeoutMs }: Storage,
  event: WebhookEvent | undefined,
  progress: Progress<unknown>,
): Promise<KeyAndLane> {
  const checked = event && readable(progress, () => checkData(provider, event));
  if (event !== undefined && checked !== undefined) {
    const key = await readKey(provider, checked, progress, timeoutMs);
    return { key, lane: await laneOf(lane, checked, progress) };
  }
  try {
    if (event !== undefined) return { key: await readKey(provider, event, progress, timeoutMs), lane: undefined };
  } catch {
    // A provider's own key function may rely on data that is not there.
  }
  // A retry of it brings the same bytes, and the same delivery id where there is one.
  const bodyHash = await cryptography.sha256Hex(progress.body);
  return { key: await boundedKey(`unreadable:${bodyHash}${progress.deliveryId ?? ''}`), lane: undefined };
}

async function laneOf(
  lane: Lane | undefined,
  event: unknown,
  progress: Progress<unknown>,
): Promise<string | undefined> {
  try {
    const name = lane?.(event);
    if (name === undefined || name === null || name === '') return undefined;
    if (typeof name === 'string') return await boundedKey(name);
    // A promise is not text; should it reject, that must not end the process.
    if (isThenable(name)) name.then(undefined, () => undefined);
    throw new TypeError(`lane must return text or undefined, but returned a ${typeof name}`);
  } catch (cause) {
    // Out of order is better than not at all.
    progress.warning = new WebhookError(
      'handler_failed',
      'The lane option failed: the event was stored without a lane.',
      { cause, fix: 'The cause of this error is what it threw.' },
    );
    return undefined;
  }
}

/** Reads what may not fit; then the delivery is stored all the same, and the report says what is wrong with it. */
function readable<T>(progress: Progress<unknown>, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WebhookError) || error.code !== 'invalid_event') throw error;
    progress.warning = error;
    return undefined;
  }
}

/** Stores a delivery, or throws `inbox_unavailable`: then nothing may be answered that sounds like success. */
async function store(
  { inbox, timeoutMs }: Pick<Storage, 'inbox' | 'timeoutMs'>,
  delivery: NewDelivery,
): Promise<Accepted> {
  const timeoutError = () => new Error(`accept() took longer than timeoutMs (${timeoutMs} ms)`);
  try {
    return await inTime(inbox.accept(delivery), timeoutMs, timeoutError);
  } catch (cause) {
    throw new WebhookError('inbox_unavailable', 'The inbox could not store the delivery.', {
      cause,
      fix: 'The cause of this error is what it threw. The provider will try again.',
    });
  }
}
