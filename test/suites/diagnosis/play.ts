import type { OutcomeReport } from '@hookproof/core';
import { onExpress5 } from './apps.ts';
import type { Received, Scene } from './mistake.ts';
import { listen, proxyTo, send as sendWhole } from './wire.ts';

/** What the sender and the operator got to know. */
export interface Ending {
  /** Undefined where the sender did not wait for it. */
  readonly reply: Received | undefined;
  readonly report: OutcomeReport;
}

/** Plays a scene through real servers, to its end. */
export async function play(scene: Scene): Promise<Ending> {
  const { provider, options, serve = onExpress5, path = `/webhooks/${provider.name}`, sent, times = 1 } = scene;
  const { send = sendWhole, proxy } = scene;
  let tell: (report: OutcomeReport) => void = () => {};
  const onOutcome = (report: OutcomeReport) => tell(report);
  const app = await listen(await serve(provider, { on: { '*': () => {} }, ...options, onOutcome }));
  const origin = proxy === undefined ? app : await proxyTo(app, proxy);
  const deliver = async (): Promise<Ending> => {
    const told = new Promise<OutcomeReport>((resolve) => {
      tell = resolve;
    });
    const reply = await send(origin + path, sent);
    return { reply, report: await told };
  };
  for (let earlier = 1; earlier < times; earlier++) await (await deliver()).report.diagnose?.();
  return deliver();
}
