import { once } from 'node:events';
import { createServer } from 'node:https';
import { grantex } from '@hookproof/core';
import { simulateProvider } from '@hookproof/testing/simulator';
import { expect, it, onTestFinished } from 'vitest';
import { hasOpenssl, selfSigned } from '../self-signed.ts';

it.skipIf(!hasOpenssl)(
  'a certificate that nobody vouches for is refused, and trusted when it is given as ca',
  async () => {
    const { key, cert } = selfSigned('IP:127.0.0.1');
    const server = createServer({ key, cert }, (request, response) => {
      request.resume();
      response.end('ok');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const options = { url: `https://127.0.0.1:${port}/hooks`, secret: 'a', behaviour: { delaysMs: [] } };

    const strict = simulateProvider(grantex(), options);
    expect((await strict.send()).attempts).toMatchObject([{ error: 'certificate_refused', isDelivered: false }]);
    const trusting = simulateProvider(grantex(), { ...options, ca: cert });
    expect((await trusting.send()).attempts).toMatchObject([{ status: 200, body: 'ok', isDelivered: true }]);
    await Promise.all([strict.close(), trusting.close()]);
  },
);
