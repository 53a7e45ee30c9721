import { describe, expect, it } from 'vitest';
import { loadBullmq } from './bullmq.ts';

const missing = Object.assign(new Error("Cannot find package 'bullmq'"), { code: 'ERR_MODULE_NOT_FOUND' });

describe('loadBullmq', () => {
  it('finds the package that is installed', async () => {
    expect(typeof (await loadBullmq()).createRedisBackend).toBe('function');
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
