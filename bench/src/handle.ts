import { do_not_optimize } from 'mitata';

let events = 0;

/** The business of every handler: nearly nothing, but it reads the event and counts it. */
export function handle(event: { readonly data?: unknown }): void {
  events++;
  do_not_optimize(event.data);
}

/** The same by a handler that has to wait for something, as one that asks a database does. */
export async function handleLater(event: { readonly data?: unknown }): Promise<void> {
  await Promise.resolve();
  handle(event);
}

/** How many events handlers have got in this process. */
export function handledEvents(): number {
  return events;
}
