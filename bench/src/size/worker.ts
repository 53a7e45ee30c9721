/** A Worker with one provider, as an app has it: what is bundled to be weighed. */
import { createReceiver, grantex, type Receiver } from '@hookproof/core';

interface Env {
  readonly GRANTEX_SECRET: string;
}

let receiver: Receiver<Request> | undefined;

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    receiver ??= createReceiver({
      provider: grantex(),
      secret: env.GRANTEX_SECRET,
      on: { 'grant.revoked': ({ data }) => console.log(data.grantId) },
    });
    return receiver.fetch(request);
  },
};
