/** The load generator, in a process of its own. */
import autocannon from 'autocannon';
import { answer } from '../children.ts';
import { makeDelivery } from '../deliveries.ts';
import { accepted, path, scheme } from './contenders.ts';

export interface LoadQuestion {
  readonly port: number;
  readonly seconds: number;
  readonly bytes: number;
}

export interface LoadAnswer {
  readonly requests: number;
  readonly requestsPerSecond: number;
}

const connections = 12;

/**
 * Different events for each connection. All together are more than the 10,000 keys that the default store remembers,
 * so when a connection begins its events again, the store has forgotten them: none is ever a duplicate. A round too
 * short to send them all needs fewer: no server here answers 5,000 requests a second on one connection.
 */
function eventsPerConnection(seconds: number): number {
  return Math.min(1_000, Math.ceil(seconds * 5_000));
}

answer(async ({ port, seconds, bytes }: LoadQuestion): Promise<LoadAnswer> => {
  // Made anew for each round: nothing of an earlier round comes again, and no signed time gets old.
  const events = eventsPerConnection(seconds);
  const requests: autocannon.Request[] = [];
  while (requests.length < connections * events) requests.push(await makeRequest(bytes));
  return new Promise((resolve, reject) => {
    let first = 0;
    let last = 0;
    let count = 0;
    const options: autocannon.Options = {
      url: `http://127.0.0.1:${port}`,
      connections,
      duration: seconds,
      // How often it looks whether the time is over.
      sampleInt: 50,
      expectBody: JSON.stringify(accepted),
      setupClient: (client) => client.setRequests(requests.splice(0, events)),
    };
    const run = autocannon(options, (error, { errors, non2xx, mismatches }) => {
      if (error) return reject(error);
      if (errors + non2xx + mismatches > 0) {
        return reject(new Error(`${errors} errors, ${non2xx} replies without success, ${mismatches} not "handled".`));
      }
      resolve({ requests: count, requestsPerSecond: ((count - 1) * 1000) / (last - first) });
    });
    run.on('response', () => {
      last = performance.now();
      if (count++ === 0) first = last;
    });
  });
});

async function makeRequest(bytes: number): Promise<autocannon.Request> {
  const { headers, body } = await makeDelivery(scheme, bytes);
  return { method: 'POST', path, headers, body };
}
