/** What snippets may use without declaring it. Keep it short: a reader has only the snippet. */

/** The reader's own business logic. */
declare function block(deviceId: string): Promise<void>;
declare function revoke(grantId: string): Promise<void>;
declare function settle(reference: string | null | undefined, amount?: string | null): Promise<void>;
declare function notify(text: string, signal?: AbortSignal): Promise<void>;

/** The reader's own configuration. */
declare const secret: string;
declare const newSecret: string;
declare const oldSecret: string;
declare function secretOf(tenant: string): Promise<string>;

/** What Nitro imports into every route by itself. */
declare function defineEventHandler(handler: (event: object) => unknown): unknown;
declare function toWebRequest(event: object): Request;
