import { writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { run } from '@hookproof/cli';
import type { NewDelivery } from '@hookproof/core/inbox';
import { describe, expect, it } from 'vitest';
import { hookproof } from '../hookproof.ts';
import { revoked, secret, unknown } from './app.ts';
import { appOn, engines, newPath, type StoreUnderTest } from './stores.ts';

/** An app with two dead deliveries and one that was handled. */
async function filled(store: StoreUnderTest) {
  const app = appOn(store);
  for (const event of [revoked('evt_1'), unknown('evt_2'), revoked('evt_3')]) await app.deliver(event);
  await app.work();
  const [first = '', second = '', third = ''] = await app.ids();
  return { ...app, first, second, third };
}

describe.each(engines)('hookproof inbox on %s', { timeout: 60_000 }, (_engine, newStore) => {
  it('list says what is there, for a reader and for a program', async () => {
    const { cli, first, second, third } = await filled(newStore());
    const text = await cli('list');
    expect(text.code).toBe(0);
    const [head, ...rows] = text.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ID +STATE +TRIES +RECEIVED → DUE\/FINISHED +RECEIVER +TYPE +ERROR$/);
    const times = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d → (\d{4}-\d\d-\d\d )?\d\d:\d\d`;
    for (const [index, cells] of [
      [first, 'dead', '2', times, 'grantex', 'grant.revoked', 'handler_failed: Error: the disk is full'],
      [second, 'handled', '1', times, 'grantex', 'sandbox.ping'],
      [third, 'dead', '2', times, 'grantex', 'grant.revoked', 'handler_failed: Error: the disk is full'],
    ].entries()) {
      expect(rows[index]).toMatch(new RegExp(`^${cells.join(' +')}$`));
    }
    const json = await cli('list', ['--json']);
    expect(json.records()).toMatchObject([
      { id: first, name: 'grantex', key: 'evt_1', type: 'grant.revoked', state: 'dead', attempts: 2 },
      { id: second, state: 'handled', finishedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
      { id: third, state: 'dead', error: { code: 'handler_failed', message: 'Error: the disk is full' } },
    ]);
    expect(json.stderr).toBe('');
  });

  it('list on a terminal of 80 columns shows every id and every error whole, and no line is longer', async () => {
    const store = newStore();
    const app = appOn(store);
    const reason =
      'policy engine at policies.internal:8443 did not answer: connect ETIMEDOUT after 5,000 ms and 3 retries';
    app.breakWith(() => reason);
    await app.deliver(revoked('evt_1'));
    await app.deliver(unknown('evt_2'));
    await app.work();
    const [first = '', second = ''] = await app.ids();
    const lines = await linesOf80(store, 'list');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const words = lines.join(' ').split(/ +/);
    expect(words).toEqual(expect.arrayContaining([first, second, 'grant.revoked', 'sandbox.ping']));
    expect(lines.map((line) => line.trim()).join(' ')).toContain(`handler_failed: Error: ${reason}`);
    // What is longer than can be read in a list is in `show`.
    app.breakWith(() => `${'x'.repeat(500)} ${'y'.repeat(500)}`);
    await app.deliver(revoked('evt_3'));
    await app.work();
    expect((await linesOf80(store, 'list')).slice(-3)).toEqual([
      '  handler_failed: Error:',
      `  ${'x'.repeat(78)}`,
      `  ${'x'.repeat(77)}…`,
    ]);
  });

  it('list keeps to its filters and its limit', async () => {
    const { cli } = await filled(newStore());
    const keys = async (...words: string[]) => {
      const { code, records } = await cli('list', ['--json', ...words]);
      expect(code).toBe(0);
      return records().map(({ key }) => key);
    };
    expect(await keys('--state', 'dead')).toEqual(['evt_1', 'evt_3']);
    expect(await keys('--type', 'sandbox.ping')).toEqual(['evt_2']);
    expect(await keys('--error', 'handler_failed', '--limit', '1')).toEqual(['evt_1']);
    expect(await keys('--error', 'no_handler')).toEqual([]);
    expect(await keys('--name', 'gravv')).toEqual([]);
    expect(await keys('--since', '1h')).toHaveLength(3);
    expect(await keys('--since', '1h', '--before', '30m')).toEqual([]);
    expect(await keys('--before', '2026-01-01')).toEqual([]);
    const cut = await cli('list', ['--limit', '2']);
    expect(cut.stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(cut.stderr).toMatch(/… and more: --limit 0/);
    const none = await cli('list', ['--state', 'waiting']);
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'No deliveries.\n' });
  });

  it('show has the headers, the body and the error, and hides what proves who sent it', async () => {
    const app = appOn(newStore());
    await app.deliver(revoked('evt_1'), { authorization: 'Bearer token', cookie: 'session=1', 'x-trace': 'a1' });
    await app.work();
    const [id = ''] = await app.ids();
    const text = await app.cli('show', [id]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('error     handler_failed: Error: the disk is full');
    expect(text.stdout).toContain('x-grantex-signature-v2: ***');
    expect(text.stdout).toContain('x-trace: a1');
    expect(text.stdout).toContain('"type": "grant.revoked"');
    expect(text.stdout).toContain('--raw writes them as they are');
    const json = await app.cli('show', [id, '--json']);
    const [record] = json.records();
    expect(record).toMatchObject({ id, state: 'dead', bodyEncoding: 'utf-8', body: JSON.stringify(revoked('evt_1')) });
    expect(record?.['headers']).toMatchObject({ authorization: '***', cookie: '***', 'x-grantex-signature': '***' });
    for (const { stdout } of [text, json]) expect(stdout).not.toMatch(/sha256=|Bearer token|session=1/);
    expect((await app.cli('show', [id, '--headers'])).stdout).toMatch(/x-grantex-signature-v2: sha256=[0-9a-f]{64}/);
    const [whole] = (await app.cli('show', [id, '--headers', '--json'])).records();
    expect(whole?.['headers']).toMatchObject({ authorization: 'Bearer token' });
  });

  it('show --raw writes exactly the bytes, and --as-http a request that verify finds genuine', async () => {
    const app = appOn(newStore());
    const body =
      '{ "id":"evt_1","type":"grant.revoked",\r\n"createdAt":"2026-11-21T12:00:00Z","data":{"grantId":"ü","cascade":false}}\n';
    await app.deliver(body, { 'transfer-encoding': 'chunked' });
    const [id = ''] = await app.ids();
    expect((await app.cli('show', [id, '--raw'])).stdout).toBe(body);
    const { stdout } = await app.cli('show', [id, '--as-http']);
    expect(stdout).toMatch(/^POST \/webhooks\/grantex HTTP\/1\.1\r\n/);
    expect(stdout).not.toMatch(/transfer-encoding/);
    expect(stdout).toContain(`content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    const path = newPath('captured.http');
    await writeFile(path, stdout);
    const verified = await hookproof(['verify', 'grantex', path], { env: { HOOKPROOF_SECRET: secret } });
    expect(verified.code).toBe(0);
  });

  it('a body that is not JSON, or no text, is shown as what it is', async () => {
    const app = appOn(newStore());
    await app.inbox.accept(stored('hello'));
    await app.inbox.accept(stored(Uint8Array.of(0xff, 0, 0x1b)));
    const [first = '', second = ''] = await app.ids();
    expect((await app.cli('show', [first])).stdout).toMatch(/Body \(5 bytes, no JSON; .*\)\nhello\n$/);
    expect((await app.cli('show', [second])).stdout).toMatch(/Body \(3 bytes, no UTF-8 text; --raw writes them\)\n$/);
    expect((await app.cli('show', [second, '--json'])).records()).toMatchObject([
      { body: '/wAb', bodyEncoding: 'base64' },
    ]);
    const onTerminal = await app.cli('show', [second, '--raw'], { isTerminal: true });
    expect(onTerminal).toMatchObject({ code: 2, stdout: '' });
  });

  it('what a sender or a handler wrote never reaches the terminal raw', async () => {
    const app = appOn(newStore());
    const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202etxt\u2028\rx\nforged row';
    app.breakWith(() => hostile);
    await app.deliver({ ...revoked('evt_1'), note: hostile });
    await app.deliver({ ...revoked(hostile), type: hostile });
    await app.inbox.accept(stored(`no JSON ${hostile}`, [['x-note', '\u001b[2J\u009b']]));
    await app.work();
    const ids = await app.ids();
    expect(ids).toHaveLength(3);
    const shown = await Promise.all(ids.flatMap((id) => [app.cli('show', [id]), app.cli('show', [id, '--json'])]));
    const listed = [await app.cli('list'), await app.cli('list', ['--json'])];
    for (const { code, stdout, stderr } of [...shown, ...listed]) {
      expect(code).toBe(0);
      expect(stdout + stderr).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u);
    }
    expect(listed[0]?.stdout.trimEnd().split('\n')).toHaveLength(4);
    const [first, second] = listed[1]?.records() ?? [];
    expect(first).toMatchObject({ error: { message: `Error: ${hostile}` } });
    expect(second).toMatchObject({ type: hostile, key: hostile });
  });

  it('list has columns that one long name or type does not widen in every row', async () => {
    const app = appOn(newStore());
    await app.inbox.accept(stored('usual'));
    await app.inbox.accept({ ...stored('long'), name: 'n'.repeat(200), type: 't'.repeat(10_000) });
    const { stdout } = await app.cli('list');
    expect(stdout).toMatch(/ other\n.* n{59}… {2}t{59}…\n$/);
  });

  it('list has a column of owners where there are any, show names the owner, and --owner means theirs alone', async () => {
    const { inbox, cli } = appOn(newStore());
    const plain = await inbox.accept({ ...stored('{}'), key: 'none' });
    expect((await cli('list')).stdout).not.toContain('OWNER');
    const acme = await inbox.accept({ ...stored('{}'), key: 'acme:1', owner: 'acme' });
    const other = await inbox.accept({ ...stored('{}'), key: 'other:1', owner: 'evil\u001b[2J' });
    const { stdout } = await cli('list');
    expect(stdout).toMatch(/ OWNER +TYPE/);
    expect(stdout).toMatch(/ other +acme\s/);
    expect(stdout).toContain('evil\\u{1b}[2J');
    const own = await cli('list', ['--owner', 'acme']);
    expect(own.stdout).toContain(acme.id);
    for (const { id } of [plain, other]) expect(own.stdout.split(/\s+/)).not.toContain(id);
    expect((await cli('show', [acme.id])).stdout).toMatch(/^owner +acme$/m);
    expect((await cli('show', [plain.id])).stdout).not.toMatch(/^owner/m);
    const [record] = (await cli('list', ['--owner', 'acme', '--json'])).stdout.trim().split('\n');
    expect(JSON.parse(record ?? '')).toMatchObject({ id: acme.id, owner: 'acme' });
    expect((await cli('list', ['--owner', 'nobody'])).stderr).toContain('No deliveries');
  });

  it('counts says how many, and can fail where one is dead', async () => {
    const { cli, inbox } = await filled(newStore());
    expect((await cli('counts')).stdout).toBe('waiting   0\nworking   0\nhandled   1\ndead      2\n');
    expect((await cli('counts', ['--json'])).records()).toEqual([{ waiting: 0, working: 0, handled: 1, dead: 2 }]);
    expect((await cli('counts', ['--json', '--name', 'gravv'])).records()).toMatchObject([{ handled: 0, dead: 0 }]);
    expect((await cli('counts')).code).toBe(0);
    expect((await cli('counts', ['--fail-if-dead'])).code).toBe(1);
    await inbox.discard({});
    expect((await cli('counts', ['--fail-if-dead'])).code).toBe(0);
  });

  it('replay takes ids, a filter or --all, and refuses to guess', async () => {
    const { cli, inbox, work, breakWith, first, third } = await filled(newStore());
    const bare = await cli('replay');
    expect(bare.code).toBe(2);
    expect(bare.stderr).toContain('--all');
    expect((await cli('replay', [first, '--type', 'grant.revoked'])).code).toBe(2);
    expect((await cli('replay', ['--all', '--type', 'grant.revoked'])).code).toBe(2);
    expect((await cli('replay', ['--state', 'working'])).code).toBe(2);
    const dry = await cli('replay', ['--all', '--dry-run']);
    expect(dry.stdout).toMatch(/Would replay 2 deliveries\.\n$/);
    expect((await cli('replay', ['--all', '--dry-run', '--json'])).records()).toMatchObject([
      { id: first },
      { id: third },
    ]);
    expect(await inbox.counts()).toMatchObject({ dead: 2, waiting: 0 });

    breakWith(() => undefined);
    expect((await cli('replay', [first])).stdout).toMatch(/^1 delivery replayed\. An app/);
    expect(await inbox.get(first)).toMatchObject({ state: 'waiting', attempts: 0 });
    expect((await cli('replay', ['--error', 'no_handler', '--json'])).records()).toEqual([{ replayed: 0 }]);
    expect((await cli('replay', ['--error', 'handler_failed', '--json'])).records()).toEqual([{ replayed: 1 }]);
    await work();
    expect(await inbox.counts()).toMatchObject({ handled: 3, dead: 0 });
    const none = await cli('replay', ['--all']);
    expect(none).toMatchObject({ code: 0, stdout: '0 deliveries replayed.\n' });
  });

  it('replay asks before it has handled ones handled again', async () => {
    const { cli, inbox, second } = await filled(newStore());
    for (const which of [[second], ['--state', 'handled']]) {
      expect((await cli('replay', which)).code).toBe(2);
      const no = await cli('replay', which, { isTerminal: true, input: 'n\n' });
      expect(no.code).toBe(1);
      expect(no.stderr).toMatch(/Replay 1 handled delivery(, and any that join them by then)?\? y\/N/);
      expect(await inbox.counts()).toMatchObject({ handled: 1, waiting: 0 });
    }
    expect((await cli('replay', [second, '--yes'])).code).toBe(0);
    expect(await inbox.counts()).toMatchObject({ handled: 0, waiting: 1 });
  });

  it('ids that do not exist are named, and nothing is done', async () => {
    const { cli, inbox, first } = await filled(newStore());
    const missing = first.replace(/.$/, (last) => (last === '9' ? '8' : '9'));
    for (const command of ['replay', 'discard']) {
      const { code, stderr } = await cli(command, [first, missing, '--yes']);
      expect(code).toBe(1);
      expect(stderr).toContain(`no delivery ${missing}.`);
    }
    expect((await cli('show', [missing])).code).toBe(1);
    for (const id of ['99999999999999999999999', 'evt_1', `grantex:${'0'.repeat(64)}`]) {
      for (const words of [['show'], ['replay'], ['discard', '--yes'], ['resend', '--to', 'http://localhost:1']]) {
        const [command = '', ...options] = words;
        const ended = await cli(command, [id, ...options]);
        expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`no delivery ${id}.`) });
      }
    }
    const { code, stderr } = await cli('show', [missing, '--json']);
    expect([code, JSON.parse(stderr)]).toMatchObject([1, { error: { code: 'no_delivery' } }]);
    expect(await inbox.counts()).toMatchObject({ dead: 2, handled: 1 });
  });

  it('discard asks first, and says what about', async () => {
    const { cli, inbox, first, second } = await filled(newStore());
    expect((await cli('discard')).stderr).toContain('--all');
    const alone = await cli('discard', ['--all']);
    expect(alone.code).toBe(2);
    expect(alone.stderr).toContain('--yes');
    for (const input of ['n\n', '', 'yeah\n']) {
      const no = await cli('discard', ['--all'], { isTerminal: true, input });
      expect(no).toMatchObject({ code: 1, stdout: '' });
      expect(no.stderr).toContain('Discard 2 dead deliveries, and any that join them by then? y/N');
    }
    const mixed = await cli('discard', [first, second], { isTerminal: true, input: 'n\n' });
    expect(mixed.stderr).toContain('Discard 1 dead delivery and 1 handled delivery? y/N');
    expect((await cli('discard', ['--all', '--dry-run'])).stdout).toMatch(/Would discard 2 deliveries\.\n$/);
    expect(await inbox.counts()).toMatchObject({ dead: 2, handled: 1 });
    const one = await cli('discard', [first], { isTerminal: true, input: 'y\n' });
    expect(one).toMatchObject({ code: 0, stdout: '1 delivery discarded.\n' });
    expect((await cli('discard', ['--all', '--yes', '--json'])).records()).toEqual([{ discarded: 1 }]);
    expect(await inbox.counts()).toMatchObject({ dead: 0, handled: 1 });
  });

  it('by its id, what went on while it was asked about is left alone', async () => {
    const { cli, inbox, work, breakWith, first } = await filled(newStore());
    async function* handledMeanwhile() {
      breakWith(() => undefined);
      await inbox.replay(first);
      await work();
      yield Buffer.from('y\n');
    }
    const ended = await cli('discard', [first], { isTerminal: true, input: handledMeanwhile() });
    expect(ended).toMatchObject({ code: 1, stdout: '0 deliveries discarded.\n' });
    expect(ended.stderr).toContain('1 delivery went on meanwhile, and was left alone.');
    expect(await inbox.get(first)).toMatchObject({ state: 'handled' });
  });

  it('prune deletes what was handled before a time, and nothing else', async () => {
    const { cli, inbox } = await filled(newStore());
    expect((await cli('prune', ['--yes'])).stdout).toMatch(/^0 deliveries deleted/);
    expect((await cli('prune', ['--older-than', '1h', '--yes', '--json'])).records()).toMatchObject([{ pruned: 0 }]);
    const all = ['--older-than', '2999-01-01', '--yes', '--json'];
    expect((await cli('prune', all)).records()).toMatchObject([{ pruned: 1 }]);
    expect(await inbox.counts()).toMatchObject({ handled: 0, dead: 2 });
  });

  it('prune asks first, and says what about', async () => {
    const { cli, inbox, second } = await filled(newStore());
    const all = ['--older-than', '2999-01-01'];
    const alone = await cli('prune', all);
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    const no = await cli('prune', all, { isTerminal: true, input: 'n\n' });
    expect(no).toMatchObject({ code: 1, stdout: '' });
    expect(no.stderr).toMatch(/^Delete 1 handled delivery, from before 2999-.* They cannot be replayed then\. y\/N/);
    expect((await cli('prune', [...all, '--dry-run'])).stdout).toMatch(/Would delete 1 delivery\.\n$/);
    expect((await cli('prune', [...all, '--dry-run', '--json'])).records()).toMatchObject([{ id: second }]);
    expect((await cli('prune', ['--dry-run'])).stdout).toBe('Would delete 0 deliveries.\n');
    expect(await inbox.counts()).toMatchObject({ handled: 1, dead: 2 });
    // Where nothing is that old there is nothing to ask.
    expect((await cli('prune', [], { isTerminal: true })).stdout).toMatch(/^0 deliveries deleted/);
    expect((await cli('prune', all, { isTerminal: true, input: 'y\n' })).stdout).toMatch(/^1 delivery deleted/);
    expect(await inbox.counts()).toMatchObject({ handled: 0, dead: 2 });
  });

  it('what is no id was taken for the store, and said to be', async () => {
    const { store, options } = newStore();
    const env = { HOOKPROOF_INBOX: store };
    for (const [command, word] of [
      ['replay', 'nope'],
      ['discard', '1,2'],
      ['show', 'abc'],
    ] as const) {
      const { code, stderr } = await hookproof(['inbox', command, word, ...options], { env });
      expect([code, stderr]).toEqual([2, expect.stringContaining(`? ${word} was taken for the store.`)]);
    }
    const secret = await hookproof(['inbox', 'replay', 'redis://app:hidden@h/0'], { env });
    expect(secret.stderr).toContain('redis://h/0 was taken for the store');
    expect(secret.stderr).not.toContain('hidden');
  });

  it('a filter that fits nothing is no error', async () => {
    const { cli } = await filled(newStore());
    for (const words of [
      ['list', '--type', 'nope'],
      ['counts', '--name', 'nobody'],
      ['replay', '--type', 'nope'],
      ['discard', '--type', 'nope', '--yes'],
      ['prune', '--older-than', '52w', '--yes'],
    ]) {
      const [command = '', ...rest] = words;
      expect([command, (await cli(command, rest)).code]).toEqual([command, 0]);
    }
  });

  it('one that is being worked on is left alone, and said to be', async () => {
    const app = appOn(newStore());
    await app.deliver(unknown('evt_1'));
    const [id = ''] = await app.ids();
    const [begun, finished] = [gate(), gate()];
    app.breakWith(async () => {
      begun.open();
      await finished.opened;
      return undefined;
    });
    const work = app.work();
    await begun.opened;
    const { code, stderr } = await app.cli('discard', [id, '--yes']);
    finished.open();
    await work;
    expect(code).toBe(1);
    expect(stderr).toContain('1 is being worked on, and left alone.');
    expect(await app.inbox.counts()).toMatchObject({ handled: 1 });
  });

  it('the store may be in HOOKPROOF_INBOX', async () => {
    const store = newStore();
    const { first } = await filled(store);
    const env = { HOOKPROOF_INBOX: store.store };
    const counted = await hookproof(['inbox', 'counts', ...store.options], { env });
    expect(counted.stdout).toMatch(/dead +2\n/);
    expect((await hookproof(['inbox', 'show', first, ...store.options], { env })).code).toBe(0);
    expect((await hookproof(['inbox', 'replay', first, ...store.options], { env })).stdout).toMatch(/^1 delivery/);
    // The argument wins.
    expect((await hookproof(['inbox', 'counts', newPath()], { env })).code).toBe(3);
  });
});

/** What a command prints on a terminal of 80 columns. */
async function linesOf80({ store, options }: StoreUnderTest, command: string): Promise<readonly string[]> {
  let printed = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      printed += String(chunk);
      done();
    },
  });
  const { stdin, stderr } = process;
  const { signal } = new AbortController();
  const terminal = { stdin, stdout: Object.assign(stdout, { isTTY: true, columns: 80 }), stderr, env: {}, signal };
  expect(await run(['inbox', command, store, ...options], terminal)).toBe(0);
  return stripVTControlCharacters(printed).trimEnd().split('\n');
}

/** A delivery that came in by another receiver. */
function stored(body: string | Uint8Array, headers: readonly (readonly [string, string])[] = []): NewDelivery {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return {
    name: 'other',
    owner: undefined,
    key: undefined,
    type: undefined,
    lane: undefined,
    headers: new Map(headers),
    body: bytes,
  };
}

/** Something to wait for until a test says so. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
