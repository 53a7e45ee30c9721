import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createLink, type RedisClient } from './client.ts';

/** A client whose connection the test holds in its hand. */
class Client extends EventEmitter implements RedisClient {
  status = 'ready';
  readonly options = {};
  connect = async () => this.become('ready');
  call = async (..._command: unknown[]): Promise<unknown> => [];
  pipeline = (commands: unknown[][]) => ({
    exec: () => Promise.all(commands.map(async (command) => [null, await this.call(...command)] as [null, unknown])),
  });
  readonly replaced: boolean[] = [];
  disconnect = (reconnect = false) => {
    this.replaced.push(reconnect);
  };
  become(status: string): void {
    this.status = status;
    this.emit(status);
  }
}

const ms = 60;

function opened() {
  const client = new Client();
  const errors: unknown[] = [];
  const link = createLink(client, { onError: (error) => errors.push(error), storeTimeoutMs: ms });
  return { client, link, errors };
}

describe('createLink', () => {
  it('fails what is under way when the connection breaks, and what is asked while it is away', async () => {
    const { client, link } = opened();
    await link.open();
    const asked = link.ask(() => new Promise(() => undefined));
    client.become('close');
    await expect(asked).rejects.toThrow(/broke before the answer came/);
    client.status = 'reconnecting';
    let sent = false;
    const question = async () => {
      sent = true;
    };
    await expect(link.ask(question)).rejects.toMatchObject({
      code: 'inbox_unavailable',
      message: expect.stringMatching(/status is "reconnecting".*Is Redis running/),
    });
    expect(sent).toBe(false);
    client.become('ready');
    await link.ask(question);
    expect(sent).toBe(true);
  });

  it('asks nothing of a server that is silent, until it answers', async () => {
    const { client, link, errors } = opened();
    await link.open();
    let answer: (value: string) => void = () => undefined;
    const asked = link.ask(() => new Promise<string>((resolve) => (answer = resolve)));
    await expect(asked).rejects.toThrow(/has not answered for 0.06 s/);
    const begun = performance.now();
    await expect(link.ask(async () => 'asked')).rejects.toThrow(/has not answered/);
    expect(performance.now() - begun).toBeLessThan(ms / 2);
    answer('late');
    await pause(0);
    expect(await link.ask(async () => 'asked')).toBe('asked');
    expect(client.replaced).toEqual([true]);
    expect(errors.map(String)).toEqual([
      expect.stringMatching(/not answered for 0.06 s, so the connection is made anew/),
    ]);
  });

  it('makes a connection anew that is silent from the start', async () => {
    const { client, link } = opened();
    await link.open();
    client.become('close');
    client.become('connect');
    await pause(ms * 2);
    expect(client.replaced).toEqual([true]);
    client.become('connect');
    client.become('ready');
    await pause(ms * 2);
    expect(client.replaced).toEqual([true]);
    client.status = 'connect';
    await expect(link.open()).rejects.toThrow(/status is "connect"/);
    expect(client.replaced).toEqual([true, true]);
  });

  it('goes on asking the servers of a cluster while one of them is silent, but not without an end', async () => {
    const client = Object.assign(new Client(), { isCluster: true });
    const link = createLink(client, { onError: () => undefined, storeTimeoutMs: ms });
    await link.open();
    const silent = () => expect(link.ask(() => new Promise(() => undefined))).rejects.toThrow(/has not answered/);
    await silent();
    expect(await link.ask(async () => 'asked')).toBe('asked');
    await Promise.all(Array.from({ length: 1_000 }, silent));
    await expect(link.ask(async () => 'asked')).rejects.toThrow(/has not answered/);
  });

  it('asks again over a new connection, whatever the old one owes', async () => {
    const { client, link } = opened();
    await link.open();
    await expect(link.ask(() => new Promise(() => undefined))).rejects.toThrow(/has not answered/);
    client.emit('close');
    expect(await link.ask(async () => 'asked')).toBe('asked');
  });

  it('waits for the first connection, connects a lazy client, and says when there is none', async () => {
    const { client, link } = opened();
    client.status = 'wait';
    await link.open();
    client.status = 'connecting';
    const open = link.open();
    client.become('ready');
    await open;
    client.status = 'connecting';
    const failing = link.open();
    client.become('close');
    await expect(failing).rejects.toThrow(/status is "close"/);
    client.status = 'end';
    await expect(link.open()).rejects.toThrow(/status is "end".*not closed before the inbox/);
    link.close();
    expect(client.eventNames().flatMap((name) => client.listeners(name))).toEqual([]);
  });

  it('throws what a command of a step failed with', async () => {
    const { client, link } = opened();
    client.call = async () => ['1', new Error('WRONGTYPE')];
    await link.open();
    const both = [
      ['get', 'a'],
      ['get', 'b'],
    ];
    await expect(link.commands(both)).rejects.toThrow('WRONGTYPE');
  });

  it('sends a script again, whole, that Redis has forgotten', async () => {
    const { client, link } = opened();
    client.call = async (name) => {
      if (name === 'evalsha') throw new Error('NOSCRIPT No matching script. Please use EVAL.');
      return ['1'];
    };
    await link.open();
    expect(await link.commands([['get', 'a']])).toEqual(['1']);
  });

  it('sends what is asked in one turn of the event loop in one go', async () => {
    const { client, link } = opened();
    await link.open();
    const sent: unknown[] = [];
    client.call = async (...command) => {
      sent.push(command);
      return command[1];
    };
    const pipeline = client.pipeline;
    client.pipeline = (commands) => {
      sent.push(commands.length);
      return pipeline(commands);
    };
    const script = { lua: 'return 1', sha: 'the sha' };
    const patient = link.runPatiently(script, [], ['a'], () => undefined);
    expect(await Promise.all([patient, link.call('config', 'b')])).toEqual(['the sha', 'b']);
    expect(sent).toEqual([2, ['evalsha', 'the sha', 0, 'a'], ['config', 'b']]);
    expect(await link.runPatiently(script, [], [], () => undefined)).toBe('the sha');
    expect(sent).toHaveLength(4);
  });

  it('tells of an answer that comes when nobody waits for it any more', async () => {
    const { client, link } = opened();
    await link.open();
    let answer: (value: string) => void = () => undefined;
    const late: string[] = [];
    const asked = link.ask(
      () => new Promise<string>((resolve) => (answer = resolve)),
      (value) => late.push(value),
    );
    client.become('close');
    await expect(asked).rejects.toThrow(/broke/);
    answer('taken');
    await pause(0);
    expect(late).toEqual(['taken']);
  });
});
