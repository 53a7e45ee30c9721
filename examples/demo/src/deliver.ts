import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { OutcomeReport } from '@hookproof/core';
import type { Expected, Sent, Step } from './scenes.ts';
import type { DemoServer } from './servers.ts';

/** A server of this machine that has not answered by then never will. */
const patienceMs = 5_000;

/**
 * Sends one delivery over HTTP and compares the reply, and what the receiver reported meanwhile, with what is expected.
 *
 * @param reports where the server's receivers put their reports; it is emptied
 * @returns what is not as expected, in words; empty where all is well
 */
export async function deliver(server: DemoServer, step: Step, reports: OutcomeReport[]): Promise<readonly string[]> {
  const { path, sent, expected } = step;
  reports.length = 0;
  try {
    const { status, body } = await send(server.origin + path, sent);
    return [
      ...replyProblems(status, body, expected),
      ...reportProblems(reports, { ...expected, framework: server.framework }),
    ];
  } catch (error) {
    return [`no reply: ${error}`];
  }
}

/** Every delivery has a connection of its own, as there are minutes between two deliveries of a real sender. */
export async function send(
  url: string,
  { method, headers, body }: Sent,
): Promise<{ status: number | undefined; body: string }> {
  const signal = AbortSignal.timeout(patienceMs);
  const sending = request(url, { method, headers, agent: false, signal });
  // A server may refuse a body before all of it was sent: what counts is its reply, for which `once` waits.
  sending.on('error', () => undefined);
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

/** What is wrong with a reply, in words. */
export function replyProblems(
  status: number | undefined,
  body: string,
  expected: Pick<Expected, 'status' | 'outcome'>,
): readonly string[] {
  const member = expected.status < 300 ? 'outcome' : 'code';
  const wanted = `"${member}":"${expected.outcome}"`;
  if (status === expected.status && body.includes(wanted)) return [];
  return [`the reply is ${status} ${body}, expected ${expected.status} with ${wanted}`];
}

function reportProblems(
  reports: readonly OutcomeReport[],
  expected: Expected & { framework: string },
): readonly string[] {
  const [report] = reports;
  if (report === undefined || reports.length > 1) return [`${reports.length} reports, expected one`];
  return (['framework', 'provider', 'type', 'status', 'outcome'] as const)
    .filter((field) => report[field] !== expected[field])
    .map((field) => `the report's ${field} is ${report[field]}, expected ${expected[field]}`);
}
