import type { Provider } from '@hookproof/core';
import { type RawEvent, sampleTypes, type TypedEvent } from '@hookproof/testing';
import { usage } from '../failure.ts';
import { readInput } from '../input.ts';
import type { Report } from '../terminal.ts';

/** What to send. */
export interface EventSource {
  /** JSON of the event's data, to be put into the provider's envelope. */
  readonly data?: string | undefined;
  /** Path of a file with the whole body, sent byte for byte; `-` is standard input. */
  readonly file?: string | undefined;
  /** How many events; by default one, or one of each type that there are samples of. */
  readonly count?: number | undefined;
}

/** The events to send: of a file, of data given, or samples, which go by the name of their type. */
export async function eventsOf(
  provider: Provider,
  type: string | undefined,
  { data, file, count }: EventSource,
  report: Report,
): Promise<readonly (string | RawEvent | TypedEvent<Provider>)[]> {
  if (data !== undefined && file !== undefined) throw usage('--data and --file were both given.', 'Give one.');
  const repeat = <T>(event: T) => Array.from({ length: count ?? 1 }, () => event);
  if (file !== undefined) {
    const body = await readInput(file, 'The body', report);
    return repeat({ body, headers: typeHeader(provider, type) });
  }
  if (data !== undefined) {
    if (type === undefined)
      throw usage('--data needs the type of the event.', `hookproof send ${provider.name} <type> --data …`);
    return repeat({ type, data: parse(data) });
  }
  const samples = sampleTypes(provider);
  if (samples.length === 0) {
    throw usage(`There are no samples of ${provider.name}.`, 'Give the event with --data or --file.');
  }
  if (type !== undefined && !samples.includes(type)) {
    throw usage(
      `There is no sample of "${type}" for ${provider.name}.`,
      `There are: ${samples.join(', ')}. Give --data for another.`,
    );
  }
  const length = count ?? (type === undefined ? samples.length : 1);
  return Array.from({ length }, (_, index) => type ?? samples[index % samples.length] ?? '');
}

/** A body sent as it is does not tell its type to the header that some providers have for it. */
function typeHeader(provider: Provider, type: string | undefined): Record<string, string> {
  const { type: header } = provider.headers;
  return header === undefined || type === undefined ? {} : { [header]: type };
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw usage('--data is not JSON.', `For example: --data '{"device_id":"dev_1"}'; --file sends bytes as they are.`);
  }
}
