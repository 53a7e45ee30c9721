import assert from 'node:assert/strict';
import { defineProvider, grantex, type Provider } from '@hookproof/core';
import {
  deliver,
  deliverBody,
  delivery,
  endings,
  gate,
  type InboxSettings,
  type InboxUnderTest,
  listed,
  only,
  type Tests,
  withStore,
} from './scene.ts';

/** What is stored, and what is answered. */
export function acceptingTests(inbox: InboxUnderTest): Tests {
  return [
    [
      'a delivery is answered 202 when it is stored, and handed over with its bytes, attempt and time of arrival',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          const before = Date.now();
          const { headers, body } = await delivery('evt_1');
          const reply = await process.receiver.receive({ headers, body });
          assert.deepEqual([reply.status, reply.body], [202, '{"outcome":"stored"}']);
          const [report] = await process.attempts(1);
          assert.deepEqual([report?.outcome, report?.attempt, report?.id], ['handled', 1, 'evt_1']);
          const [call] = process.calls;
          assert.ok(call);
          assert.equal(call.event.type, 'grant.revoked');
          assert.deepEqual(call.event.data, { grantId: 'grnt_1', cascade: false });
          assert.deepEqual(Buffer.from(call.context.delivery.body), Buffer.from(body));
          for (const [name, value] of Object.entries(headers)) {
            assert.equal(call.context.delivery.headers.get(name.toLowerCase()), value);
          }
          assert.equal(call.context.attempt, 1);
          assert.equal(call.context.request, undefined);
          assert.equal(call.context.key, 'evt_1');
          const received = call.context.receivedAt.getTime();
          assert.ok(received >= before - 1_000 && received <= Date.now() + 1_000, 'receivedAt is not when it arrived');
        }),
    ],
    [
      'headers with credentials are not stored, unless they are asked for by name; all others are',
      () =>
        withStore(inbox, async ({ start }) => {
          const credentials = {
            Authorization: 'Bearer a',
            'Proxy-Authorization': 'Basic b',
            COOKIE: 'session=c',
            'X-API-Key': 'd',
          };
          const { headers, body } = await delivery('evt_1');
          const sent = { ...headers, ...credentials, 'x-trace': 'e' };
          const storedBy = async (settings: InboxSettings, store?: string) => {
            const process = await start({ work: false, ...settings }, undefined, {}, store);
            assert.equal((await process.receiver.receive({ headers: sent, body })).status, 202);
            const stored = await process.inbox.get((await only(process)).id);
            await process.inbox.drain();
            assert.deepEqual(process.calls[0]?.context.delivery.headers, stored?.headers);
            return stored?.headers;
          };
          const expected = Object.entries({ ...headers, 'x-trace': 'e' });
          const lowerCase = (name: string, value: string) => [name.toLowerCase(), value] as const;
          assert.deepEqual(await storedBy({}), new Map(expected.map(([name, value]) => lowerCase(name, value))));
          const kept = await storedBy({ keepHeaders: ['AUTHORIZATION', 'cookie'] }, `${Date.now().toString(36)}kept`);
          assert.deepEqual(
            [kept?.get('authorization'), kept?.get('cookie'), kept?.get('x-api-key'), kept?.get('x-trace')],
            ['Bearer a', 'session=c', undefined, 'e'],
          );
        }),
    ],
    [
      'the report of a stored delivery names it in the inbox',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false });
          await deliver(process, 'evt_1');
          const { id } = await only(process);
          assert.deepEqual([process.reports[0]?.outcome, process.reports[0]?.inboxId], ['stored', id]);
          await deliver(process, 'evt_1');
          assert.deepEqual([process.reports[1]?.outcome, process.reports[1]?.inboxId], ['duplicate', id]);
        }),
    ],
    [
      'an event that comes again while it waits, is worked on, was handled or is dead is a duplicate',
      () =>
        withStore(inbox, async ({ start }) => {
          const working = gate();
          const process = await start({ maxAttempts: 1 }, ({ event }) => {
            if (event.id === 'evt_dead') throw new Error('boom');
            return event.id === 'evt_working' ? working.opened : undefined;
          });
          const twice = async (id: string, attempts: number) => {
            assert.equal((await deliver(process, id)).status, 202);
            if (attempts > 0) await process.attempts(attempts);
            const again = await deliver(process, id);
            assert.deepEqual([again.status, again.body], [200, '{"outcome":"duplicate"}']);
          };
          await twice('evt_handled', 1);
          await twice('evt_dead', 2);
          await twice('evt_working', 0);
          working.open();
          await process.attempts(3);
          assert.deepEqual(process.calls.map(({ event }) => event.id).toSorted(), [
            ...['evt_dead', 'evt_handled', 'evt_working'],
          ]);
        }),
    ],
    [
      '50 copies of an event that come at once are stored once and handled once',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          const replies = await Promise.all(Array.from({ length: 50 }, () => deliver(process, 'evt_1')));
          assert.equal(replies.filter(({ status }) => status === 202).length, 1);
          assert.equal(replies.filter(({ status }) => status === 200).length, 49);
          await process.attempts(1);
          assert.deepEqual(await process.inbox.counts(), { waiting: 0, working: 0, handled: 1, dead: 0 });
          assert.equal(process.calls.length, 1);
        }),
    ],
    [
      'deliveries without a key are all stored',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false });
          const one = {
            name: 'grantex',
            key: undefined,
            type: 'a',
            lane: undefined,
            owner: undefined,
            headers: new Map(),
            body: new Uint8Array(),
          };
          const accepted = await Promise.all([process.inbox.accept(one), process.inbox.accept(one)]);
          assert.deepEqual(
            accepted.map(({ isNew }) => isNew),
            [true, true],
          );
          assert.equal((await listed(process)).length, 2);
        }),
    ],
    [
      'two receivers keep the same key apart',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false });
          const one = {
            key: 'k',
            type: 'a',
            owner: undefined,
            lane: undefined,
            headers: new Map(),
            body: new Uint8Array(),
          };
          const accepted = await Promise.all(['a', 'b'].map((name) => process.inbox.accept({ ...one, name })));
          assert.deepEqual(
            accepted.map(({ isNew }) => isNew),
            [true, true],
          );
        }),
    ],
    [
      'bytes, headers, key and type are kept as they came, whatever is in them',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false });
          const body = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
          const headers = new Map([
            ['x-quote', `'";--\\u0000 {"a":1}`],
            ['x-latin', 'gr\u00fc\u00df'],
            ['__proto__', 'is a name like any other'],
          ]);
          const key = `:'"\\%_*{}\u2028\u{1f600} constructor`;
          const type = `device.'quoted'.\u{1f600}`;
          const { id } = await process.inbox.accept({
            name: 'grantex',
            key,
            type,
            owner: undefined,
            lane: undefined,
            headers,
            body,
          });
          const found = await process.inbox.get(id);
          assert.ok(found);
          assert.deepEqual([found.id, found.name, found.key, found.type], [id, 'grantex', key, type]);
          assert.deepEqual([...found.headers], [...headers]);
          assert.ok(Buffer.from(found.body).equals(body));
          const empty = await process.inbox.accept({
            ...{ name: 'grantex', key: 'empty', type: undefined, owner: undefined, lane: undefined },
            ...{ headers: new Map(), body: new Uint8Array() },
          });
          const nothing = await process.inbox.get(empty.id);
          assert.deepEqual([nothing?.type, nothing?.body.length, nothing?.headers.size], [undefined, 0, 0]);
        }),
    ],
    [
      'bytes that are handed out are whoever asked for them alone: exact, and no part of the store',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false });
          const body = Buffer.from('{"id":"evt_1"}');
          const headers = new Map([['x-one', '1']]);
          const fresh = {
            name: 'grantex',
            owner: undefined,
            key: 'k',
            type: undefined,
            lane: undefined,
            headers,
            body,
          };
          const { id } = await process.inbox.accept(fresh);
          const found = await process.inbox.get(id);
          assert.ok(found);
          assert.deepEqual([found.body.byteOffset, found.body.buffer.byteLength], [0, body.length]);
          found.body.fill(0);
          body.fill(0);
          const again = await process.inbox.get(id);
          assert.equal(Buffer.from(again?.body ?? []).toString(), '{"id":"evt_1"}');
        }),
    ],
    [
      'data that does not fit its type is answered 202 and becomes a dead letter; after a fix a replay reads it anew',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          const body =
            '{"id":"evt_1","type":"grant.revoked","createdAt":"2026-11-20T23:09:31.349Z","data":{"grantId":7}}';
          assert.equal((await deliverBody(process, body)).status, 202);
          const [report] = await process.attempts(1);
          assert.deepEqual([report?.outcome, report?.attempt, report?.error?.code], ['dead', 1, 'invalid_event']);
          const dead = await only(process);
          assert.deepEqual([dead.state, dead.type, dead.error?.code], ['dead', 'grant.revoked', 'invalid_event']);
          assert.equal(process.calls.length, 0);
          if (inbox.shared === false) return;
          await process.inbox.close();
          // The fix: a receiver that takes this data.
          const fixed = await start({}, undefined, { provider: lenient() });
          assert.equal(await fixed.inbox.replay(dead.id), 1);
          const [again] = await fixed.attempts(1);
          assert.deepEqual([again?.outcome, again?.attempt], ['handled', 1]);
          assert.deepEqual(fixed.calls[0]?.event.data, { grantId: 7 });
        }),
    ],
    [
      'JSON that is no event is answered 202 and becomes a dead letter, once for all its retries',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          assert.equal((await deliverBody(process, '{"no":"event"}')).status, 202);
          assert.deepEqual(endings(await process.attempts(1)), ['1 dead invalid_event']);
          assert.equal((await deliverBody(process, '{"no":"event"}')).status, 200);
          const dead = await only(process);
          assert.deepEqual([dead.state, dead.type], ['dead', undefined]);
        }),
    ],
    [
      'what is not JSON is refused and not stored',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          assert.equal((await deliverBody(process, 'no=json')).status, 400);
          assert.deepEqual(await listed(process), []);
        }),
    ],
    [
      'a forged delivery is refused and not stored',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          const { headers, body } = await delivery('evt_1');
          const forged = body.map((byte, index) => (index === 10 ? byte ^ 1 : byte));
          assert.equal((await process.receiver.receive({ headers, body: forged })).status, 401);
          assert.deepEqual(await listed(process), []);
        }),
    ],
  ];
}

/** Grantex with any data. */
function lenient(): Provider {
  return defineProvider({
    name: 'grantex',
    signature: { header: 'x-grantex-signature', encoding: 'hex', prefix: 'sha256=' },
    envelope: grantex().envelope,
  });
}
