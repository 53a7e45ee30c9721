import { do_not_optimize } from 'mitata';

/** The business of every handler: nearly nothing, but it reads the event. */
export function handle(event: { readonly data?: unknown }): void {
  do_not_optimize(event.data);
}
