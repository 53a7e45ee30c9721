import { parseJson } from '../http/outside-text.ts';
import type { CallOptions } from '../options.ts';

/** A delivery as a provider's log has it. */
export interface LoggedDelivery {
  /** The provider's id of it in its log. */
  readonly id: string;
  /** The event's own id, where the log has it. */
  readonly eventId: string | undefined;
  readonly type: string;
  /** When it was made, as the provider wrote it. */
  readonly createdAt: string;
  /** What the provider says became of it, in its own word. */
  readonly status: string;
  /** How often it was tried, where the log has it. */
  readonly attempts: number | undefined;
  /** Whether the provider will try again by itself. */
  readonly isPending: boolean;
  /** The outcome that a receiver of Hookproof replied, where the log has the reply. */
  readonly outcome: string | undefined;
}

/** What was sent, as far as a log has kept it. */
export interface LoggedContent {
  /** The event's own id, as the body has it; where it has none, the hash of the body is taken for its key. */
  readonly eventId: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
  /** The body, or what it may have been: only a signature tells. */
  readonly bodies: readonly string[];
}

/** A part of time: from `since` to before `until`. */
export interface LogWindow {
  readonly since: Date;
  readonly until: Date;
}

/** A page of a log. */
export interface LogPage {
  readonly page: number;
  readonly deliveries: readonly LoggedDelivery[];
}

/**
 * What a provider says it has sent to an endpoint: `grantexLog`, `grantivaLog` and `gravvLog` make one, and for any other
 * provider it can be written by hand.
 */
export interface DeliveryLog {
  /** Name of the provider, as a receiver has it. */
  readonly provider: string;
  /**
   * The header in which a delivery brings its id in the log. It is looked for there where the inbox does not know an event by
   * the event's id.
   */
  readonly idHeader?: string | undefined;
  /** The pages from `page` on that may have deliveries of the window. New deliveries may push others onto later pages only. */
  readonly pages: (window: LogWindow, page: number, call: CallOptions) => AsyncIterable<LogPage>;
  /** What was sent, where the log keeps that. */
  readonly content?: ((delivery: LoggedDelivery, call: CallOptions) => Promise<LoggedContent>) | undefined;
  /** Has a delivery sent again; returns the outcome that the receiver replied, where the provider waits for it. */
  readonly resend?: ((delivery: LoggedDelivery, call: CallOptions) => Promise<string | undefined>) | undefined;
}

/** The outcome or code in a reply of a receiver, which may be text or JSON; undefined where it is another's reply. */
export function outcomeIn(reply: unknown): string | undefined {
  const { outcome, code }: { outcome?: unknown; code?: unknown } = {
    ...Object(typeof reply === 'string' ? parseJson(reply) : reply),
  };
  const found = outcome ?? code;
  return typeof found === 'string' && /^[a-z_]{1,40}$/.test(found) ? found : undefined;
}

/** Whether everything on a page is older than the window: of a log with the newest first, nothing follows. */
export function isPast(deliveries: readonly LoggedDelivery[], { since }: LogWindow): boolean {
  return deliveries.every(({ createdAt }) => Date.parse(createdAt) < since.getTime());
}
