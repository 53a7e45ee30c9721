import assert from 'node:assert/strict';
import { grantex, type OwnedSecrets, type Secret } from '@hookproof/core';
import { signedDelivery } from '../signed-delivery.ts';
import { gate, type InboxUnderTest, listed, type Process, type Scene, type Tests, withStore } from './scene.ts';

/** Names that would run into each other's ids if they were only put before them. */
const owners = ['a', 'a:evt', 'a%3Aevt', '%', 'A', 'ä', 'evt_1', 'toString'];

/** Whose event it is. */
export function ownerTests(inbox: InboxUnderTest): Tests {
  return [
    [
      'the owner of an event stands in lists, in filters, in reports, and with its handler',
      withOwners(inbox, async ({ process, secrets, deliver }) => {
        assert.equal(await deliver('a', 'evt_1'), 'stored');
        assert.equal(await deliver('A', 'evt_1'), 'stored');
        const reports = await process.attempts(2);
        const told = [...process.reports.filter(({ stage }) => stage === 'receive'), ...reports];
        assert.deepEqual(told.map(({ owner }) => owner).toSorted(), ['A', 'A', 'a', 'a']);
        assert.deepEqual(process.calls.map(({ context }) => context.owner).toSorted(), ['A', 'a']);
        const [one, ...others] = await listed(process, { owner: 'a' });
        assert.deepEqual([one?.owner, others.length], ['a', 0]);
        assert.ok(one);
        assert.equal((await process.inbox.get(one.id))?.owner, 'a');
        // What a handler may use to know a repetition is what the list shows.
        assert.equal(process.calls.find(({ context }) => context.owner === 'a')?.context.key, one.key);
        assert.equal(await process.inbox.replay({ owner: 'a', state: 'handled' }), 1);
        const third = (await process.attempts(3)).at(-1);
        assert.equal(third?.owner, 'a');
        assert.equal(secrets.size, owners.length);
      }),
    ],
    [
      'where the secret function names no owner, the secret that fits tells events apart, and what is stored does not hold it',
      withOwners(
        inbox,
        async ({ process, deliver }) => {
          for (const owner of ['a', 'A', 'a', 'A']) await deliver(owner, 'evt_1');
          await process.attempts(2);
          assert.deepEqual(
            process.calls.map(({ context }) => context.owner),
            [undefined, undefined],
          );
          const all = await listed(process);
          assert.equal(all.length, 2);
          assert.equal(new Set(all.map(({ key }) => key)).size, 2);
          for (const { owner } of all) assert.match(owner ?? '', /^=[0-9a-f]{32}$/);
          assert.equal((await listed(process, { owner: all[0]?.owner ?? '' })).length, 1);
        },
        (secrets) => secrets,
      ),
    ],
    [
      'owners who choose each other’s ids and lanes, and rotate their secrets, never take, hold up or see what is another’s',
      withOwners(inbox, async ({ process, secrets, deliver }) => {
        const seed = Math.trunc(Math.random() * 2 ** 31);
        const random = randomBy(seed);
        const stored = new Set<string>();
        for (let step = 0; step < 120; step += 1) {
          const owner = owners[random(owners.length)] ?? '';
          const id = `${['evt:', 'evt%3A', ''][random(3)]}${random(3)}`;
          if (random(6) === 0) rotate(secrets, owner, step, random(2) === 0);
          const event = JSON.stringify([owner, id]);
          const outcome = await deliver(owner, id, random(2));
          assert.equal(outcome, stored.has(event) ? 'duplicate' : 'stored', `seed ${seed}, step ${step}, ${event}`);
          stored.add(event);
        }
        await process.attempts(stored.size);
        const handled = process.calls.map(({ event, context }) => JSON.stringify([context.owner, event.id]));
        assert.deepEqual(handled.toSorted(), [...stored].toSorted(), `seed ${seed}`);
        assert.equal(new Set(process.calls.map(({ context }) => context.key)).size, stored.size, `seed ${seed}`);
        for (const owner of owners) {
          const own = await listed(process, { owner });
          assert.equal(
            own.length,
            [...stored].filter((event) => JSON.parse(event)[0] === owner).length,
            `seed ${seed}`,
          );
          assert.ok(own.every((one) => one.owner === owner));
        }
      }),
    ],
    [
      'a failing event of one owner holds no lane of another’s',
      () =>
        withStore(inbox, async (scene) => {
          const { inbox: made } = await scene.start({ work: false });
          if (!made.lanes) return;
          const failed = gate();
          await owned(
            scene,
            async ({ process, deliver }) => {
              await deliver('a', 'evt_1');
              await failed.opened;
              await deliver('A', 'evt_2');
              await deliver('A', 'evt_3');
              const done = () => process.reports.filter(({ outcome }) => outcome === 'handled').map(({ id }) => id);
              for (let count = 1; done().length < 2; count += 1) await process.attempts(count);
              assert.deepEqual(done(), ['evt_2', 'evt_3']);
              assert.equal(new Set((await listed(process)).map(({ lane }) => lane)).size, 2);
            },
            (secrets, owner) => ({ owner, secrets }),
            {
              settings: { maxAttempts: 1_000, backoff: () => 20 },
              handler: ({ context }) => {
                if (context.owner !== 'a') return;
                failed.open();
                throw new Error('boom');
              },
              options: { lane: () => 'grnt_1' },
            },
          );
        }),
    ],
  ];
}

/** A receiver of several owners. */
interface Owned {
  readonly process: Process;
  /** Of each owner, in the order to try. */
  readonly secrets: Map<string, readonly string[]>;
  /** Delivers an event that an owner's secret signs, and says what became of it. */
  readonly deliver: (owner: string, id: string, secret?: number) => Promise<string>;
}

type Returned = (secrets: readonly Secret[], owner: string) => readonly Secret[] | OwnedSecrets;

interface Settings {
  readonly settings?: Parameters<Scene['start']>[0];
  readonly handler?: Parameters<Scene['start']>[1];
  readonly options?: Parameters<Scene['start']>[2];
}

function withOwners(
  inbox: InboxUnderTest,
  run: (owned: Owned) => Promise<void>,
  returned: Returned = (secrets, owner) => ({ owner, secrets }),
): () => Promise<void> {
  return () => withStore(inbox, (scene) => owned(scene, run, returned));
}

async function owned(
  { start }: Scene,
  run: (owned: Owned) => Promise<void>,
  returned: Returned,
  { settings = {}, handler, options }: Settings = {},
): Promise<void> {
  const secrets = new Map(owners.map((owner): [string, readonly string[]] => [owner, [`a first secret of ${owner}`]]));
  const secret = (owner: unknown) => returned(secrets.get(String(owner)) ?? [], String(owner));
  const process = await start(settings, handler, { ...options, secret });
  const deliver: Owned['deliver'] = async (owner, id, index = 0) => {
    const own = secrets.get(owner) ?? [];
    const event = { type: 'grant.revoked', id, data: { grantId: 'grnt_1', cascade: false } } as const;
    const { headers, body } = await signedDelivery(grantex(), event, { secret: own[index % own.length] ?? '' });
    return (await process.receiver.receive({ headers, body, request: owner })).outcome;
  };
  await run({ process, secrets, deliver });
}

/** Gives an owner a new secret, before or behind its last one. */
function rotate(secrets: Owned['secrets'], owner: string, step: number, isFirst: boolean): void {
  const fresh = `secret ${step} of the owner ${owner}`;
  const [last = fresh] = secrets.get(owner) ?? [];
  secrets.set(owner, isFirst ? [fresh, last] : [last, fresh]);
}

/** Random whole numbers below a limit that a seed repeats. */
function randomBy(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
}
