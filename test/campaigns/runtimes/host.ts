import type { Serve } from '@hookproof/testing/conformance';
import { serveFunctions } from './functions.ts';
import {
  type AppOrder,
  type AppStarted,
  type CallMade,
  type CallOrder,
  decode,
  encode,
  type Way,
} from './hosts/wire.ts';
import { type Listening, start } from './process.ts';
import type { Runtime } from './runtimes.ts';

/** A process of another runtime, which makes apps of the packed packages. */
export interface Host extends Listening {
  /** `serve` of the conformance suite: makes the app in the host. */
  readonly serve: (way: Way, bodyRead: boolean) => Serve;
  /** Makes a call of an endpoint client in the host. */
  readonly call: (order: CallOrder) => Promise<CallMade>;
}

/** Starts a host, and resolves once it takes orders. */
export async function startHost({ command, host, says }: Runtime, project: string): Promise<Host> {
  const listening = await start(command(`${host}.js`), project);
  const orders = `${listening.origin}/orders`;
  const functions = await serveFunctions();
  let count = 0;
  const checkRuntime = (runtime: string) => {
    if (!runtime.startsWith(says)) throw new Error(`this host is no ${says}, but ${runtime}`);
  };

  return {
    ...listening,
    serve: (way, bodyRead) => async (provider, options) => {
      const id = String(++count);
      const ordered = functions.register(id, options);
      const order: AppOrder = { id, way, bodyRead, provider: provider.name, ...ordered };
      const reply = await fetch(orders, { method: 'POST', body: encode(order) });
      if (!reply.ok) throw new Error(`the host started no app: ${await reply.text()}`);
      const { url, runtime } = decode<AppStarted>(await reply.text());
      checkRuntime(runtime);
      const close = async () => {
        const ended = await fetch(`${orders}/${id}`, { method: 'DELETE' });
        if (!ended.ok) throw new Error(`the host could not end an app: ${await ended.text()}`);
        await ended.arrayBuffer();
        functions.forget(id);
      };
      return { url, close };
    },
    async call(order) {
      const reply = await fetch(`${listening.origin}/calls`, { method: 'POST', body: encode(order) });
      if (!reply.ok) throw new Error(`the host made no call: ${await reply.text()}`);
      const made = decode<CallMade>(await reply.text());
      checkRuntime(made.runtime);
      return made;
    },
    async end() {
      await listening.end();
      await functions.close();
    },
  };
}
