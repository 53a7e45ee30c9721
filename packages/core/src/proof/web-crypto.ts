import { encode, toBase64, toHex } from '../bytes/encoding.ts';
import type { Cryptography } from './cryptography.ts';

const names = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;

// It takes no argument: what it declares must not name a type of the DOM, which apps on Node do not have.
export function webCryptography(): Cryptography {
  const { subtle } = globalThis.crypto;
  return {
    async hmac(algorithm, secret) {
      const params = { name: 'HMAC', hash: names[algorithm] };
      const key = await subtle.importKey('raw', new Uint8Array(secret), params, false, ['sign']);
      return async (before, body, encoding) => {
        const start = encode(before);
        const message = new Uint8Array(start.length + body.length);
        message.set(start);
        message.set(body, start.length);
        const mac = new Uint8Array(await subtle.sign('HMAC', key, message));
        return encoding === 'hex' ? toHex(mac) : toBase64(mac);
      };
    },
    sha256Hex: async (bytes) => toHex(new Uint8Array(await subtle.digest('SHA-256', new Uint8Array(bytes)))),
    // Every character is looked at, whatever was found before.
    equal(a, b) {
      if (a.length !== b.length) return false;
      let difference = 0;
      for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
      return difference === 0;
    },
  };
}
