import { describe, expect, it } from 'vitest';
import { isRefusal, loadBullmq } from './bullmq.ts';

const missing = Object.assign(new Error("Cannot find package 'bullmq'"), { code: 'ERR_MODULE_NOT_FOUND' });

describe('loadBullmq', () => {
  it('finds the package that is installed', async () => {
    expect(typeof (await loadBullmq()).Queue).toBe('function');
  });

  it('says what to install where it is missing, or too old', async () => {
    await expect(loadBullmq(() => Promise.reject(missing))).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('npm install bullmq ioredis'),
    });
    const old = { Queue: class {}, Job: class {} };
    await expect(loadBullmq(async () => old)).rejects.toThrow(/needs bullmq 6.7 or later.*npm install bullmq@6/);
  });

  it('does not take another error for a missing package', async () => {
    const broken = new SyntaxError('Unexpected token');
    await expect(loadBullmq(() => Promise.reject(broken))).rejects.toBe(broken);
  });
});

describe('isRefusal', () => {
  it('knows what BullMQ says of lost locks from what a connection says', () => {
    expect(isRefusal(Object.assign(new Error('Missing lock for job 1'), { code: -2 }))).toBe(true);
    expect(isRefusal(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))).toBe(false);
    expect(isRefusal(new Error('OOM command not allowed'))).toBe(false);
    expect(isRefusal(undefined)).toBe(false);
  });
});
