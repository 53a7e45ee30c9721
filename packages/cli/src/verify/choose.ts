import type { Provider } from '@hookproof/core';
import { usage } from '../failure.ts';
import { printable } from '../terminal.ts';
import { type CapturedRequest, headerOf } from './captures/request.ts';

const maxListed = 30;

/** The request that is meant: the one with that number, the only POST, or the only one with the provider's signature. */
export function chooseRequest(
  requests: readonly CapturedRequest[],
  provider: Provider,
  number: number | undefined,
): CapturedRequest {
  if (number !== undefined) {
    const chosen = requests[number - 1];
    if (chosen !== undefined) return chosen;
    throw usage(`--entry ${number}: the capture has ${requests.length} requests.`, listOf(requests));
  }
  const names = provider.signature.flatMap(({ headers }) => headers);
  const candidates = [
    requests,
    requests.filter(({ method }) => method === 'POST'),
    requests.filter(({ headers }) => headerOf(headers, ...names) !== undefined),
  ];
  const [only] = candidates.find(({ length }) => length === 1) ?? [];
  if (only !== undefined) return only;
  throw usage(`The capture has ${requests.length} requests: say which with --entry <n>.`, listOf(requests));
}

function listOf(requests: readonly CapturedRequest[]): string {
  const lines = requests
    .slice(0, maxListed)
    .map(({ method, target = '' }, index) => `  ${index + 1}  ${shown(method)} ${shown(target)}`);
  const rest = requests.length - lines.length;
  return [...lines, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n');
}

/** A piece of the capture; what follows the `?` of a URL may be a token. */
function shown(text: string): string {
  return printable(text.split(/[?#]/, 1).join('').slice(0, 80));
}
