import { afterEach, describe, expect, it } from 'vitest';
import { type App, frameworks } from './apps.ts';
import { expectRow, genuine } from './serve.ts';
import {
  answerOf,
  mostAfterAnswer,
  openSession,
  openStream,
  overHttp2,
  protocols,
  serveUnfinished,
  unfinished,
} from './unfinished.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serve(protocol: string, framework: (typeof frameworks)[number]): Promise<App> {
  const app = await serveUnfinished(protocol, framework);
  open.push(app.close);
  return app;
}

describe.each(frameworks)('%s', (framework) => {
  describe.each(Object.entries(protocols))('over %s', (protocol, { send }) => {
    it.each(Object.entries(unfinished))(
      'answers an upload, %s, and then takes no more of it',
      async (_name, upload) => {
        const { answer, taken } = await send(await serve(protocol, framework), upload);
        expectRow(answer, upload.outcome);
        expect(taken).toBeLessThan(mostAfterAnswer);
      },
    );
  });

  it.each(Object.entries(unfinished))(
    'over HTTP/2, an upload, %s, ends alone: others of its session go on',
    async (_name, upload) => {
      const app = await serve('HTTP/2', framework);
      const session = openSession(app);
      open.push(() => session.destroy());
      const { body, headers } = genuine();
      const deliver = () => openStream(session, headers).end(body);
      expectRow(await answerOf(deliver()), 'handled');
      const other = openStream(session, headers);
      other.write(body.subarray(0, 10));
      const ending = overHttp2(session, app, upload);
      const meanwhile = answerOf(other);
      other.end(body.subarray(10));
      expectRow(await meanwhile, 'handled');
      const { answer, taken } = await ending;
      expectRow(answer, upload.outcome);
      expect(taken).toBeLessThan(mostAfterAnswer);
      expectRow(await answerOf(deliver()), 'handled');
      expect(session.closed).toBe(false);
    },
  );
});
