/**
 * The durable inbox: deliveries are stored before the reply, and handled after it with retries and dead letters. The
 * engines are in `@hookproof/inbox/sqlite`, `@hookproof/inbox/postgres` and `@hookproof/inbox/redis`.
 *
 * @module
 */
export { type MemoryInbox, memoryInbox } from './memory.ts';
export type { InboxOptions } from './options.ts';
export { gracefulShutdown, type ListeningServer, type ShutdownOptions } from './shutdown.ts';
