import { grantex, gravv } from '@hookproof/core';
import { describe, expect, it } from 'vitest';
import type { Scene, Sent } from './mistake.ts';
import { play } from './play.ts';
import { events, fromGrantex, fromGravv, newSecret, withBody, withHeaders } from './senders.ts';

async function found(scene: Scene) {
  const { report } = await play(scene);
  return report.diagnose === undefined ? report.outcome : await report.diagnose();
}

describe('what docs/diagnosis.md says that it cannot tell', () => {
  it('two mistakes are found one after the other, where the first is in a header', async () => {
    const secret = newSecret();
    const proxy = (sent: Sent) =>
      withHeaders(sent, { 'x-gravv-signature': undefined, 'x-hook': sent.headers['x-gravv-signature'] });
    const both: Scene = { provider: gravv(), options: { secret: `${secret}\n` }, sent: await fromGravv(secret), proxy };
    const corrected = { ...both, proxy: (sent: Sent) => sent };

    expect(await found(both)).toMatchObject({ cause: 'header_renamed', evidence: { header: 'x-hook', fits: 'no' } });
    expect(await found(corrected)).toMatchObject({ cause: 'secret_newline' });
    expect(await found({ ...corrected, options: { secret } })).toBe('handled');
  });

  it('a signature that is written wrongly in two ways names the other way too', async () => {
    const secret = newSecret();
    const { headers, ...sent } = await fromGravv(secret);
    const signature = `"sha256=${String(headers['x-gravv-signature'])}"`;
    const scene = {
      provider: gravv(),
      options: { secret },
      sent: withHeaders({ ...sent, headers }, { 'x-gravv-signature': signature }),
    };
    expect(await found(scene)).toMatchObject({
      cause: 'signature_quoted',
      evidence: { fits: 'yes', also: 'prefix_unexpected' },
    });
  });

  it.each<[what: string, ending: string, change: (body: Buffer) => string]>([
    ['a wrong secret and a changed body', '\n', (body) => JSON.stringify(JSON.parse(body.toString()))],
    ['sorted keys', '', (body) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(`${body}`)).sort()))],
    ['a field left out', '', () => JSON.stringify({ ...events.grantex, createdAt: undefined })],
  ])('%s: nothing fits', async (_what, ending, change) => {
    const secret = newSecret();
    const sent = await fromGrantex(secret, JSON.stringify(events.grantex, undefined, 2));
    const options = { secret: secret + ending };
    const proxy = (one: Sent) => withBody(one, change);
    expect(await found({ provider: grantex(), options, sent, proxy })).toMatchObject({ cause: 'nothing_fits' });
  });
});
