import { describe, expect, it } from 'vitest';
import { checkBaseUrl } from './base-url.ts';

describe('baseUrl', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com', false],
    ['https://api.example.com/', 'https://api.example.com', false],
    ['https://api.example.com/a/b//', 'https://api.example.com/a/b', false],
    ['HTTPS://API.example.com:8443/A', 'https://api.example.com:8443/A', false],
    ['http://localhost:3001', 'http://localhost:3001', true],
    ['http://127.0.0.1:80/x', 'http://127.0.0.1/x', true],
    ['http://127.8.9.10', 'http://127.8.9.10', true],
    ['http://0x7f.1', 'http://127.0.0.1', true],
    ['http://[::1]:1', 'http://[::1]:1', true],
    ['https://localhost', 'https://localhost', true],
  ])('takes %s', (given, prefix, loopback) => {
    expect(checkBaseUrl(given)).toMatchObject({ prefix, loopback });
    expect(checkBaseUrl(new URL(given))).toMatchObject({ prefix, loopback });
  });

  it.each([
    ['http://api.example.com', 'not https'],
    ['http://localhost.example.com', 'not https'],
    ['http://127.0.0.1.example.com', 'not https'],
    ['http://[::ffff:1.2.3.4]', 'not https'],
    ['http://10.0.0.1', 'not https'],
    ['http://0.0.0.0', 'not https'],
    ['ftp://localhost', 'not https'],
    ['file:///etc', 'not https'],
    ['https://user@api.example.com', 'user name'],
    ['https://:pass@api.example.com', 'user name'],
    ['https://api.example.com?', 'query'],
    ['https://api.example.com/?a=1', 'query'],
    ['https://api.example.com/#', 'fragment'],
    ['api.example.com', 'not a URL'],
    ['/v1', 'not a URL'],
    ['', 'not a URL'],
  ])('refuses %s', (given, message) => {
    expect(() => checkBaseUrl(given)).toThrow(message);
  });
});
