import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { SecretOption } from '../proof/secret.ts';
import { signBody } from '../proof/sign.ts';
import { grantex } from '../providers/grantex.ts';
import { createReceiver } from '../receiver.ts';
import type { OutcomeReport } from '../report/outcome.ts';
import { verifySignature } from '../verify.ts';
import type { ClaimStore } from './claims.ts';
import { memoryClaims } from './memory-claims.ts';

/** Receives what a tenant signs; the request is its name. */
function receiverOf(
  secret: SecretOption<string>,
  options: { dedupe?: ClaimStore | false; receiverName?: string } = {},
) {
  const reports: OutcomeReport[] = [];
  const handled: { owner: string | undefined; key: string | undefined; id: string | undefined }[] = [];
  const receiver = createReceiver<ReturnType<typeof grantex>, string>({
    provider: grantex({ signature: 'v1' }),
    secret,
    on: { '*': ({ id }, { owner, key }) => void handled.push({ owner, key, id }) },
    onOutcome: (report) => reports.push(report),
    ...options,
  });
  const send = async (tenant: string, id: string, signingSecret: string) => {
    const body = JSON.stringify({ id, type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: true } });
    const headers = await signBody(grantex({ signature: 'v1' }), { body, secret: signingSecret, id: '', timestamp: 0 });
    return (await receiver.receive({ headers, body, request: tenant })).outcome;
  };
  return { send, reports, handled };
}

const secretOf = (tenant: string) => `the signing secret of ${tenant}`;

describe('an owner', () => {
  it('is told to the handler and in the report, with a key of its own', async () => {
    const { send, handled, reports } = receiverOf((tenant) => ({ owner: tenant, secrets: secretOf(tenant) }));
    expect(await send('a', 'evt_1', secretOf('a'))).toBe('handled');
    expect(await send('b', 'evt_1', secretOf('b'))).toBe('handled');
    expect(handled).toEqual([
      { owner: 'a', key: 'a:evt_1', id: 'evt_1' },
      { owner: 'b', key: 'b:evt_1', id: 'evt_1' },
    ]);
    expect(reports.map(({ owner, key }) => [owner, key])).toEqual([
      ['a', 'a:evt_1'],
      ['b', 'b:evt_1'],
    ]);
  });

  it('is not told of a delivery that is not proven', async () => {
    const { send, reports } = receiverOf((tenant) => ({ owner: tenant, secrets: secretOf(tenant) }));
    expect(await send('a', 'evt_1', secretOf('b'))).toBe('signature_mismatch');
    expect(reports[0]?.owner).toBeUndefined();
  });

  it('keeps its events apart from all others in claims that are shared, through every rotation', async () => {
    const names = fc.constantFrom('a', 'a:evt', 'a%3Aevt', '%', '=', 'A', 'ä', '__proto__');
    const ids = fc.constantFrom('evt:1', '1', 'evt%3A1', 'evt_2', ':');
    const step = fc.record({ tenant: names, id: ids, rotate: fc.boolean(), old: fc.boolean(), other: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const secrets = new Map<string, readonly [string, string]>();
        const of = (tenant: string) => secrets.get(tenant) ?? [secretOf(tenant), `an older ${secretOf(tenant)}`];
        const secret = (tenant: string) => ({ owner: `owner ${tenant}`, secrets: of(tenant) });
        const dedupe = memoryClaims();
        const both = [receiverOf(secret, { dedupe }), receiverOf(secret, { dedupe, receiverName: 'another' })] as const;
        const seen = new Set<string>();
        for (const [index, { tenant, id, rotate, old, other }] of steps.entries()) {
          if (rotate) secrets.set(tenant, [`secret ${index} of ${tenant}`, of(tenant)[0]]);
          const event = JSON.stringify([tenant, id, other]);
          const outcome = await both[other ? 1 : 0].send(tenant, id, of(tenant)[old ? 1 : 0]);
          expect(outcome).toBe(seen.has(event) ? 'duplicate' : 'handled');
          seen.add(event);
        }
        for (const [index, { handled }] of both.entries()) {
          const own = [...seen].filter((event) => JSON.parse(event)[2] === (index === 1));
          expect(new Set(handled.map(({ key }) => key)).size).toBe(own.length);
        }
      }),
    );
  });

  it.each([
    ['a number', 42],
    ['no text', undefined],
    ['empty', ''],
    ['blank', '  '],
    ['too long', 'a'.repeat(129)],
    ['a line break', 'a\nb'],
    ['a half of a surrogate pair', '\ud800'],
    ['a change of direction', 'a\u202eb'],
    ['what stands for an owner without a name', '=0123'],
  ])('that is %s is the server’s mistake: 503, and the message says what it must be', async (_what, owner) => {
    const returned: unknown = { owner, secrets: secretOf('a') };
    const { send, reports, handled } = receiverOf(() => Object(returned));
    expect(await send('a', 'evt_1', secretOf('a'))).toBe('secret_unavailable');
    expect(reports[0]?.error?.message).toContain('owner must be text of 1 to 128 printable characters');
    expect(handled).toEqual([]);
  });

  it('without secrets is nobody: no signature fits', async () => {
    const { send } = receiverOf(() => ({ owner: 'a', secrets: [] }));
    expect(await send('a', 'evt_1', secretOf('a'))).toBe('signature_mismatch');
  });
});

describe('secrets of a function that names no owner', () => {
  it('keep events apart by the one that fits: adding and reordering forget nothing', async () => {
    let secrets = ['first secret'];
    const { send, handled } = receiverOf(() => secrets);
    expect(await send('', 'evt_1', 'first secret')).toBe('handled');
    secrets = ['second secret', 'first secret'];
    expect(await send('', 'evt_1', 'first secret')).toBe('duplicate');
    expect(await send('', 'evt_1', 'second secret')).toBe('handled');
    secrets = ['first secret', 'third secret', 'second secret'];
    expect(await send('', 'evt_1', 'first secret')).toBe('duplicate');
    expect(await send('', 'evt_1', 'second secret')).toBe('duplicate');
    expect(handled.map(({ owner }) => owner)).toEqual([undefined, undefined]);
  });

  it('leave nothing in a claim that a fast hash of a guessed secret could be compared with', async () => {
    const keys: string[] = [];
    const dedupe: ClaimStore = {
      claim: (key) => {
        keys.push(key);
        return { state: 'taken', done: () => undefined, release: () => undefined };
      },
    };
    await receiverOf(() => 'hunter2', { dedupe }).send('', 'evt_1', 'hunter2');
    const { createHash, createHmac, pbkdf2Sync } = await import('node:crypto');
    const [key = ''] = keys;
    const [, fingerprint = ''] = /^grantex:=([0-9a-f]{32}):evt_1$/.exec(key) ?? [];
    expect(fingerprint).toBe(pbkdf2Sync('hunter2', 'hookproof: whose event', 100_000, 16, 'sha256').toString('hex'));
    expect(createHash('sha256').update('hunter2').digest('hex')).not.toContain(fingerprint);
    expect(createHmac('sha256', 'hunter2').update('hookproof: whose event').digest('hex')).not.toContain(fingerprint);
  });

  it('of which several were seen are told of once, in development', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    vi.stubEnv('NODE_ENV', 'development');
    try {
      const { send } = receiverOf(secretOf);
      await send('a', 'evt_1', secretOf('a'));
      await send('a', 'evt_2', secretOf('a'));
      expect(warn).not.toHaveBeenCalled();
      for (const tenant of ['b', 'c', 'a']) await send(tenant, 'evt_1', secretOf(tenant));
      expect(warn.mock.calls).toEqual([[expect.stringMatching(/^hookproof: grantex: .* return \{ owner, secrets \}/)]]);
      expect(String(warn.mock.calls)).not.toContain('the signing secret of');
    } finally {
      vi.unstubAllEnvs();
      warn.mockRestore();
    }
  });

  it('are not told of where a rotation keeps one of them, an owner is named, or one verifies by hand', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    vi.stubEnv('NODE_ENV', 'development');
    try {
      let secrets = ['a first signing secret'];
      const rotating = receiverOf(() => secrets);
      await rotating.send('', 'evt_1', 'a first signing secret');
      secrets = ['a second signing secret', 'a first signing secret'];
      await rotating.send('', 'evt_2', 'a second signing secret');
      const named = receiverOf((tenant) => ({ owner: tenant, secrets: secretOf(tenant) }));
      for (const tenant of ['a', 'b']) await named.send(tenant, 'evt_1', secretOf(tenant));
      for (const tenant of ['a', 'b']) {
        await verifySignature(grantex(), { body: '', signature: undefined, secret: secretOf(tenant) });
      }
      expect(warn).not.toHaveBeenCalled();
    } finally {
      vi.unstubAllEnvs();
      warn.mockRestore();
    }
  });
});
