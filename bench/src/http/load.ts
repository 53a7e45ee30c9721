/** The load generator, in a process of its own. */
import autocannon from 'autocannon';
import { answer } from '../children.ts';
import { makeDelivery } from '../deliveries.ts';
import { path, scheme } from './contenders.ts';

export interface LoadQuestion {
  readonly port: number;
  readonly bytes: number;
  readonly connections: number;
  /** Requests of each connection. */
  readonly requests: number;
  /** Different events for each connection, which begins them again after the last. */
  readonly events: number;
  /** What every reply must hold. */
  readonly expected: object;
}

export interface LoadAnswer {
  readonly requestsPerSecond: number;
  /** From a request to its reply, each of them in milliseconds. */
  readonly takenMs: readonly number[];
}

answer(async (question: LoadQuestion): Promise<LoadAnswer> => {
  const { port, bytes, connections, requests, events, expected } = question;
  // Made anew for each round: nothing of an earlier round comes again, and no signed time gets old.
  const stock: autocannon.Request[] = [];
  while (stock.length < connections * events) stock.push(await makeRequest(bytes));
  return new Promise((resolve, reject) => {
    let first = 0;
    let last = 0;
    const takenMs: number[] = [];
    const options: autocannon.Options = {
      url: `http://127.0.0.1:${port}`,
      connections,
      amount: connections * requests,
      // How often it looks whether all is answered.
      sampleInt: 50,
      expectBody: JSON.stringify(expected),
      setupClient: (client) => client.setRequests(stock.splice(0, events)),
    };
    const run = autocannon(options, (error, { errors, non2xx, mismatches }) => {
      if (error) return reject(error);
      if (errors + non2xx + mismatches > 0) {
        return reject(new Error(`${errors} errors, ${non2xx} replies without success, ${mismatches} not as expected.`));
      }
      if (takenMs.length !== connections * requests) {
        return reject(new Error(`${takenMs.length} of ${connections * requests} requests were answered.`));
      }
      resolve({ requestsPerSecond: ((takenMs.length - 1) * 1000) / (last - first), takenMs });
    });
    run.on('response', (_client, _status, _bytes, tookMs) => {
      last = performance.now();
      if (takenMs.length === 0) first = last;
      takenMs.push(tookMs);
    });
  });
});

async function makeRequest(bytes: number): Promise<autocannon.Request> {
  const { headers, body } = await makeDelivery(scheme, bytes);
  return { method: 'POST', path, headers, body };
}
