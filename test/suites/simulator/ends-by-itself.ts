/** Sends to a URL, ends its sender in one of several ways, and must end by itself: nothing calls `process.exit`. */
import { grantiva } from '@hookproof/core';
import { simulateProvider } from '@hookproof/testing/simulator';

const [url = '', how] = process.argv.slice(2);
const behaviour = { delaysMs: [1e9], timeoutMs: 1e9 };
const sender = simulateProvider(grantiva(), { url, secret: 'a', behaviour });

if (how === 'left alone') {
  console.log((await sender.send('device.new')).state);
} else if (how === 'answered early') {
  const { attempts } = await sender.send('device.new', { faults: { slowBodyMs: 600_000 } });
  console.log(attempts[0]?.status);
} else {
  const controller = new AbortController();
  const { signal } = controller;
  const { promise: failed, onAttempt } = firstAttempt();
  const waiting = simulateProvider(grantiva(), { url, secret: 'a', behaviour, onAttempt });
  const sent = [waiting.send({ body: 'fail' }, { signal }), sender.send({ body: 'hang' }, { signal })];
  await failed;
  if (how === 'aborted') controller.abort();
  else await Promise.all([waiting.close(), sender.close()]);
  console.log((await Promise.all(sent)).map(({ state }) => state).join(' '));
}

function firstAttempt() {
  let onAttempt = () => {};
  const promise = new Promise<void>((resolve) => {
    onAttempt = resolve;
  });
  return { promise, onAttempt: () => onAttempt() };
}
