import { grantex, grantiva, gravv } from '@hookproof/core';
import { reconcile } from '@hookproof/endpoints';
import { describe, expect, it } from 'vitest';
import { handled, run, scene, until } from './scene.ts';
import { grantexService, grantivaService, gravvService } from './services.ts';

const byMark = (marks: readonly string[]) => [...marks].sort();

describe.each([
  ['Gravv', gravv(), (url: string) => gravvService(url)],
  ['Gravv, whose history tells no event_id,', gravv(), (url: string) => gravvService(url, { withEventIds: false })],
  [
    'Gravv, of events that have no id in their body,',
    gravv(),
    (url: string) => gravvService(url, { withEventIds: false, isFlat: true }),
  ],
  ['Grantiva', grantiva(), grantivaService],
  ["Grantiva, with key: 'delivery',", grantiva({ key: 'delivery' }), grantivaService],
] as const)('what %s lost', (_name, provider, service) => {
  it.each([0.05, 0.3])(
    'is found and sent again, and in the end all that was sent was handled once: a part of %d',
    async (loss) => {
      const { inbox, app, server, log } = await scene(provider, service);
      await server.emit(350, loss, until());
      const lost = server.lost().length;
      expect(lost).toBeGreaterThan(350 * loss * 0.5);

      const looked = await run({ log, inbox });
      expect(looked).toMatchObject({ compared: 350, present: 350 - lost, pending: 0, recovered: [] });
      const marks = new Map(server.log.map(({ id, mark }) => [id, mark]));
      expect(byMark(looked.missing.map(({ id }) => marks.get(id) ?? ''))).toEqual(byMark(server.lost()));
      expect(server.seen.every(({ method }) => method === 'GET')).toBe(true);

      // Ended after the first page, as by a kill, and begun again with what was kept of it.
      const first = await run({ log, inbox, resend: true }, 1);
      expect(first.recovered.length).toBeGreaterThan(0);
      const from = JSON.parse(JSON.stringify(first.pages.at(-1)?.cursor));
      const rest = await run({ log, inbox, resend: true, from });
      expect(rest.compared).toBe(250);
      expect(first.recovered.length + rest.recovered.length).toBe(lost);
      expect([...first.missing, ...rest.missing]).toEqual([]);

      await handled(inbox, 350);
      expect(byMark(app.handled)).toEqual(byMark(server.log.map(({ mark }) => mark)));
      expect(await run({ log, inbox })).toMatchObject({ compared: 350, present: 350, missing: [] });
    },
    60_000,
  );
});

describe('what Grantex lost', () => {
  it.each([0.05, 0.3])(
    'is listed, and nothing else: a part of %d',
    async (loss) => {
      const { inbox, server, log } = await scene(grantex(), grantexService);
      await server.emit(350, loss, until());
      const found = await run({ log, inbox });
      expect(found).toMatchObject({ compared: 350, present: 350 - server.lost().length, recovered: [] });
      const marks = new Map(server.log.map(({ eventId, mark }) => [eventId, mark]));
      expect(byMark(found.missing.map(({ eventId }) => marks.get(eventId ?? '') ?? ''))).toEqual(byMark(server.lost()));
      for (const { type, attempts, status, tried } of found.missing) {
        expect([type, attempts, tried]).toEqual(['grant.revoked', 1, undefined]);
        expect(['delivered', 'failed']).toContain(status);
      }
      expect(() => reconcile({ log, inbox, resend: true })).toThrow('grantex cannot send again');
    },
    60_000,
  );
});
