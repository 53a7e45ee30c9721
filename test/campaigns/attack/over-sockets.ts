import { apps, type Framework } from './apps.ts';
import { recorder, type Target } from './in-process.ts';
import { check, joined } from './judge.ts';
import type { Scheme } from './schemes.ts';
import { openWire, type Wire, writeDelivery } from './wire.ts';

/** An app of a framework, over a connection that is kept as long as the server keeps it. */
export async function adapterTarget(framework: Framework, scheme: Scheme): Promise<Target> {
  const { options, take } = recorder(scheme);
  const app = await apps[framework](scheme.provider, options);
  let wire: Wire | undefined;
  return {
    async attack(sent) {
      if (!wire?.isOpen()) wire = await openWire(app.port);
      const replying = wire.reply();
      const [reply] = await Promise.all([replying, writeDelivery(wire, sent)]);
      const { status, contentType, allow, body } = reply;
      return check(scheme, sent, joined(sent.headers, true), { status, contentType, allow, body }, take());
    },
    async close() {
      wire?.destroy();
      await app.close();
    },
  };
}
