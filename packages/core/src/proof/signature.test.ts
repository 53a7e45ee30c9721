import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encode } from '../bytes/encoding.ts';
import { Refusal, WebhookError } from '../error.ts';
import { defineProvider, type Provider } from '../provider.ts';
import { grantex } from '../providers/grantex.ts';
import { grantiva } from '../providers/grantiva.ts';
import { gravv } from '../providers/gravv.ts';
import { standardWebhooks } from '../providers/standard-webhooks.ts';
import { createReceiver } from '../receiver.ts';
import { verifyDelivery } from '../verify.ts';
import type { HashAlgorithm } from './cryptography.ts';
import type { SignatureScheme } from './scheme.ts';
import { signBody } from './sign.ts';
import { type HmacMaker, isTimestamp, matchSignature, parseSignature } from './signature.ts';

const secret = 'a secret for tests';
const key = Buffer.alloc(32, 7);
const standardSecret = `whsec_${key.toString('base64')}`;
const now = 1_795_216_193;

const hmacHex = (text: string | Uint8Array) => createHmac('sha256', secret).update(text).digest('hex');
const hmacBase64 = (text: string | Uint8Array) => createHmac('sha256', key).update(text).digest('base64');

/** `genuine`, or the code of the rejection. */
async function verdict(
  provider: Provider,
  headers: Record<string, string | string[]>,
  body: string | Uint8Array,
): Promise<string> {
  const wanted = provider.secret.encoding === 'base64' ? standardSecret : secret;
  try {
    await verifyDelivery(provider, { headers, body, secret: wanted, now: () => now * 1_000 });
    return 'genuine';
  } catch (error) {
    if (error instanceof WebhookError) return error.code;
    throw error;
  }
}

const standard = (id: string, timestamp: string, signature: string) => ({
  'webhook-id': id,
  'webhook-timestamp': timestamp,
  'webhook-signature': signature,
});

describe('the form of a signature', () => {
  const body = '{"event":"anything","data":{}}';
  const genuine = hmacHex(body);
  const grantivaVerdict = (signature: string | string[]) =>
    verdict(grantiva(), { 'x-grantiva-signature': signature }, body);

  it('is its prefix and hex, in whatever case: it is the same number', async () => {
    expect(await grantivaVerdict(`sha256=${genuine}`)).toBe('genuine');
    expect(await grantivaVerdict(`sha256=${genuine.toUpperCase()}`)).toBe('genuine');
    const mixed = genuine.replace(/[a-f]/g, (digit, at: number) => (at % 2 === 0 ? digit.toUpperCase() : digit));
    expect(await grantivaVerdict(`sha256=${mixed}`)).toBe('genuine');
    const other = genuine.toUpperCase().replace(/[A-F]/, (digit) => (digit === 'A' ? 'B' : 'A'));
    expect(await grantivaVerdict(`sha256=${other}`)).toBe('signature_mismatch');
  });

  it('in capitals among several is one of them', async () => {
    const typed = '{"type":"a","data":{}}';
    const signature: SignatureScheme = { header: 'x-signature', encoding: 'hex', prefix: 'v1=', separator: ',' };
    const acme = defineProvider({ name: 'acme', signature, envelope: { type: 'type', data: 'data' } });
    const value = `v1=${'A'.repeat(64)},v1=${hmacHex(typed).toUpperCase()}`;
    expect(await verdict(acme, { 'x-signature': value }, typed)).toBe('genuine');
  });

  it('in another case makes no other event of a delivery: no key is made of it', async () => {
    const outcomes: string[] = [];
    const receiver = createReceiver({
      provider: gravv(),
      secret,
      on: { '*': () => {} },
      onOutcome: ({ outcome }) => outcomes.push(outcome),
    });
    const timed = '{"event_type":"a","timestamp":"2026-11-20T23:09:31Z","event_data":{}}';
    for (const mac of [hmacHex(timed), hmacHex(timed).toUpperCase()]) {
      await receiver.receive({ headers: { 'x-gravv-signature': mac }, body: timed });
    }
    expect(outcomes).toEqual(['handled', 'duplicate']);
  });

  it.each([
    ['nothing', ''],
    ['the prefix alone', 'sha256='],
    ['no prefix', genuine],
    ['a doubled prefix', `sha256=sha256=${genuine}`],
    ['a prefix in upper case', `SHA256=${genuine}`],
    ['another prefix', `sha512=${genuine}`],
    ['a letter whose lower case is a digit of another script', `sha256=${'\u212a'.repeat(64)}`],
    ['in upper case with its prefix', `sha256=${genuine}`.toUpperCase()],
    ['one digit too few', `sha256=${genuine.slice(1)}`],
    ['one digit too many', `sha256=${genuine}0`],
    ['what is no hex digit', `sha256=${genuine.slice(1)}g`],
    ['base64', `sha256=${Buffer.from(genuine, 'hex').toString('base64')}`],
    ['a space before it', ` sha256=${genuine}`],
    ['a newline after it', `sha256=${genuine}\n`],
    ['a NUL after it', `sha256=${genuine}\0`],
    ['digits of another script', `sha256=${'٠'.repeat(64)}`],
    ['two in one header', `sha256=${genuine}, sha256=${genuine}`],
    ['64 KiB', `sha256=${'0'.repeat(65_536)}`],
  ])('that is %s is malformed', async (_what, signature) => {
    expect(await grantivaVerdict(signature)).toBe('malformed_signature');
  });

  it('that came twice is malformed, even if both are genuine', async () => {
    expect(await grantivaVerdict([`sha256=${genuine}`, `sha256=${genuine}`])).toBe('malformed_signature');
  });

  it('that is right in form and wrong in value is a mismatch', async () => {
    expect(await grantivaVerdict(`sha256=${'0'.repeat(64)}`)).toBe('signature_mismatch');
  });

  it.each<[algorithm: HashAlgorithm, bytes: number]>([
    ['sha1', 20],
    ['sha256', 32],
    ['sha384', 48],
    ['sha512', 64],
  ])('of %s is %d bytes, in hex and in base64', async (algorithm, bytes) => {
    for (const encoding of ['hex', 'base64'] as const) {
      const signature: SignatureScheme = { header: 'x-signature', algorithm, encoding };
      const acme = defineProvider({ name: 'acme', signature, envelope: { type: 'type', data: 'data' } });
      const typed = '{"type":"a"}';
      const good = createHmac(algorithm, secret).update(typed).digest(encoding);
      expect(await verdict(acme, { 'x-signature': good }, typed)).toBe('genuine');
      const [short, long] = [Buffer.alloc(bytes - 1), Buffer.alloc(bytes + 1)];
      expect(await verdict(acme, { 'x-signature': short.toString(encoding) }, typed)).toBe('malformed_signature');
      expect(await verdict(acme, { 'x-signature': long.toString(encoding) }, typed)).toBe('malformed_signature');
    }
  });
});

describe('what is signed beside the body', () => {
  const body = '{"type":"a","data":{}}';

  it.each([
    ['a time with something after it', 'msg_1', `${now} 1`],
    ['a time that came twice', 'msg_1', `${now}, ${now}`],
    ['a time with a space before it', 'msg_1', ` ${now}`],
    ['an id with something after it', 'msg_1 2', String(now)],
  ])('is malformed where the header holds more: %s', async (_what, id, timestamp) => {
    // Signed for what a reader might take out of the headers, so that only their form can refuse it.
    const signatures = [id, id.split(' ')[0]].map((one) => `v1,${hmacBase64(`${one}.${now}.${body}`)}`);
    expect(await verdict(standardWebhooks(), standard(id, timestamp, signatures.join(' ')), body)).toBe(
      'malformed_signature',
    );
  });
});

describe('a second spelling of a genuine base64 signature', () => {
  const body = '{"type":"a","data":{}}';
  const genuine = hmacBase64(`msg_1.${now}.${body}`);
  const standardVerdict = (signature: string) =>
    verdict(standardWebhooks(), standard('msg_1', String(now), signature), body);

  it('does not pass where only unused bits of the last digit differ', async () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = digits.indexOf(genuine.at(-2) ?? '');
    expect(await standardVerdict(`v1,${genuine}`)).toBe('genuine');
    for (const bits of [1, 2, 3]) {
      const other = `${genuine.slice(0, -2)}${digits[last ^ bits]}=`;
      expect(Buffer.from(other, 'base64')).toEqual(Buffer.from(genuine, 'base64'));
      expect(await standardVerdict(`v1,${other}`)).toBe('signature_mismatch');
    }
  });

  it.each([
    ['without padding', genuine.slice(0, -1)],
    ['with more padding', `${genuine}=`],
    ['in the alphabet of URLs', `${'-'.repeat(43)}=`],
    ['in hex', Buffer.from(genuine, 'base64').toString('hex')],
  ])('is malformed %s', async (_what, signature) => {
    expect(await standardVerdict(`v1,${signature}`)).toBe('malformed_signature');
  });
});

describe('several signatures in one header', () => {
  const body = '{"type":"a","data":{}}';
  const good = `v1,${hmacBase64(`msg_1.${now}.${body}`)}`;
  const bad = `v1,${Buffer.alloc(32).toString('base64')}`;
  const standardVerdict = (signature: string) =>
    verdict(standardWebhooks(), standard('msg_1', String(now), signature), body);

  it.each([
    ['first', `${good} ${bad} ${bad}`],
    ['last', `${bad} ${bad} ${good}`],
    ['among versions that nobody knows', `v1a,${'A'.repeat(86)}== v2,xyz ${good}`],
    ['among empty entries', `  ${good}  `],
    ['among broken ones', `v1,=== v1, v1 ${good}`],
  ])('pass where a genuine one is %s', async (_where, signature) => {
    expect(await standardVerdict(signature)).toBe('genuine');
  });

  it('do not pass where none is genuine', async () => {
    expect(await standardVerdict(`${bad} ${bad}`)).toBe('signature_mismatch');
  });

  it('are looked at up to the 32nd, so that nobody can make the receiver compare for long', async () => {
    expect(await standardVerdict(`${`${bad} `.repeat(31)}${good}`)).toBe('genuine');
    expect(await standardVerdict(`${`${bad} `.repeat(32)}${good}`)).toBe('signature_mismatch');
  });
});

describe('shifted dots', () => {
  it('never forge another id, timestamp and body from the bytes that Standard Webhooks signed', async () => {
    // An honest sender whose body happens to begin like a timestamp.
    const parts = ['msg_1', String(now - 100_000), `${now}.{"type":"a","data":{"v":1.5}}`] as const;
    const content = parts.join('.');
    const signature = `v1,${hmacBase64(content)}`;
    const dots = [...content.matchAll(/\./g)].map(({ index }) => index);
    let shifted = 0;
    for (const [at, first] of dots.entries()) {
      for (const second of dots.slice(at + 1)) {
        const [id, timestamp, body] = [
          content.slice(0, first),
          content.slice(first + 1, second),
          content.slice(second + 1),
        ];
        if (body === parts[2]) continue;
        expect(await verdict(standardWebhooks(), standard(id, timestamp, signature), body)).toBe('malformed_signature');
        shifted++;
      }
    }
    expect(shifted).toBe(5);
  });

  it('never forge another timestamp and body from the bytes that Grantex signed', async () => {
    const content = `${now - 100_000}.${now}.{"id":"evt_1.5","type":"a","data":{}}`;
    const signature = `sha256=${hmacHex(content)}`;
    const dots = [...content.matchAll(/\./g)].map(({ index }) => index);
    const verdicts: string[] = [];
    for (const dot of dots) {
      const headers = {
        'x-grantex-timestamp': content.slice(0, dot),
        'x-grantex-signature-v2': signature,
      };
      verdicts.push(await verdict(grantex(), headers, content.slice(dot + 1)));
    }
    expect(verdicts).toEqual(['stale_delivery', 'malformed_signature', 'malformed_signature']);
  });

  it('never pass as part of an id, however it was signed', async () => {
    const body = '{"type":"a","data":{}}';
    const signature = `v1,${hmacBase64(`msg.1.${now}.${body}`)}`;
    expect(await verdict(standardWebhooks(), standard('msg.1', String(now), signature), body)).toBe(
      'malformed_signature',
    );
  });

  it('never pass as part of an id where the scheme separates by something else', async () => {
    const signature: SignatureScheme = {
      header: 'x-signature',
      encoding: 'hex',
      signs: '{id}|{body}',
      id: { header: 'x-id' },
    };
    const acme = defineProvider({ name: 'acme', signature, envelope: { type: 'type', data: 'data' } });
    const body = '{"type":"a"}';
    const send = (id: string) => verdict(acme, { 'x-id': id, 'x-signature': hmacHex(`${id}|${body}`) }, body);
    expect(await send('1.2')).toBe('genuine');
    expect(await send('1|2')).toBe('malformed_signature');
  });
});

describe('what ends a signed id', () => {
  it('is the text after {id}, and not that after {timestamp}', async () => {
    const signature: SignatureScheme = {
      header: 'x-signature',
      encoding: 'hex',
      signs: '{id}|{timestamp}.{body}',
      id: { header: 'x-id' },
      timestamp: { header: 'x-timestamp' },
    };
    const acme = defineProvider({ name: 'acme', signature, envelope: { type: 'type', data: 'data' } });
    const body = '{"type":"a"}';
    const send = (id: string) => {
      const mac = hmacHex(`${id}|${now}.${body}`);
      return verdict(acme, { 'x-id': id, 'x-timestamp': String(now), 'x-signature': mac }, body);
    };
    expect(await send('1.2')).toBe('genuine');
    expect(await send('1|2')).toBe('malformed_signature');
  });
});

describe('a signed timestamp', () => {
  const body = '{"id":"evt_1","type":"a","data":{}}';
  it.each([
    ['nothing', ''],
    ['a sign', `+${now}`],
    ['a minus', `-${now}`],
    ['a fraction', `${now}.0`],
    ['an exponent', '1e9'],
    ['hex', '0x6b000000'],
    ['a space before', ` ${now}`],
    ['a newline after', `${now}\n`],
    ['digits of another script', '١٧٩٥٢١٦١٩٣'],
    ['more digits than a time in seconds has', '1795216193000'],
    ['a date', '2026-11-20T23:09:53Z'],
    ['doubled', `${now}, ${now}`],
    ['a word', 'NaN'],
  ])('that is %s is malformed, even if it was signed', async (_what, timestamp) => {
    const headers = {
      'x-grantex-timestamp': timestamp,
      'x-grantex-signature-v2': `sha256=${hmacHex(`${timestamp}.${body}`)}`,
    };
    expect(await verdict(grantex(), headers, body)).toBe('malformed_signature');
  });

  it('is signed as it is written, not as the number it stands for', async () => {
    const headers = {
      'x-grantex-timestamp': `0${now}`,
      'x-grantex-signature-v2': `sha256=${hmacHex(`${now}.${body}`)}`,
    };
    expect(await verdict(grantex(), headers, body)).toBe('signature_mismatch');
  });
});

describe('a signed id', () => {
  const body = '{"type":"a","data":{}}';
  it.each([
    ['nothing', ''],
    ['a space', 'msg 1'],
    ['a control character', 'msg\x7f1'],
    ['a letter beyond ASCII', 'msg_é'],
    ['more than 256 characters', 'm'.repeat(257)],
  ])('that is %s is malformed, even if it was signed', async (_what, id) => {
    const signature = `v1,${hmacBase64(`${id}.${now}.${body}`)}`;
    expect(await verdict(standardWebhooks(), standard(id, String(now), signature), body)).toBe('malformed_signature');
  });

  it('of 256 characters is genuine', async () => {
    const id = 'm'.repeat(256);
    const signature = `v1,${hmacBase64(`${id}.${now}.${body}`)}`;
    expect(await verdict(standardWebhooks(), standard(id, String(now), signature), body)).toBe('genuine');
  });
});

describe('what looks like a pattern of String.replace', () => {
  it.each(['$&', '$1', '$$', '$`', "$'", '$<id>', '{body}', '{id}', '{timestamp}'])(
    '%s is literal in an id and in a body',
    async (pattern) => {
      const id = `msg_${pattern}`;
      const body = JSON.stringify({ type: 'a', data: { text: pattern } });
      const genuine = `v1,${hmacBase64(`${id}.${now}.${body}`)}`;
      expect(await verdict(standardWebhooks(), standard(id, String(now), genuine), body)).toBe('genuine');
      expect(await verdict(standardWebhooks(), standard('msg_', String(now), genuine), body)).toBe(
        'signature_mismatch',
      );
    },
  );

  it('is literal in the text of a scheme', async () => {
    const signature: SignatureScheme = {
      header: 'x-signature',
      encoding: 'hex',
      signs: '$1:{timestamp}:$&{body}',
      timestamp: { header: 'x-timestamp' },
    };
    const acme = defineProvider({ name: 'acme', signature, envelope: { type: 'type', data: 'data' } });
    const body = '{"type":"$1"}';
    const headers = { 'x-timestamp': String(now), 'x-signature': hmacHex(`$1:${now}:$&${body}`) };
    expect(await verdict(acme, headers, body)).toBe('genuine');
  });
});

describe('only raw bytes are verified', () => {
  const replaced = Buffer.from('{"event":"a","data":"\ufffd"}');
  const raw = Buffer.concat([Buffer.from('{"event":"a","data":"'), Buffer.from([0xff]), Buffer.from('"}')]);

  it('so 0xff never passes for U+FFFD, nor U+FFFD for 0xff', async () => {
    expect(raw.toString('utf8')).toBe(replaced.toString('utf8'));
    const signed = (bytes: Uint8Array) => ({ 'x-grantiva-signature': `sha256=${hmacHex(bytes)}` });
    expect(await verdict(grantiva(), signed(replaced), replaced)).toBe('genuine');
    expect(await verdict(grantiva(), signed(replaced), raw)).toBe('signature_mismatch');
    expect(await verdict(grantiva(), signed(raw), replaced)).toBe('signature_mismatch');
    expect(await verdict(grantiva(), signed(raw), raw)).toBe('invalid_body');
  });

  it.each([
    ['a space between tokens', '{"event": "a","data":{}}'],
    ['another order of keys', '{"data":{},"event":"a"}'],
    ['an escape for the same letter', '{"event":"\\u0061","data":{}}'],
    ['a newline at the end', '{"event":"a","data":{}}\n'],
    ['a byte order mark', '\ufeff{"event":"a","data":{}}'],
    ['CRLF for LF', '{"event":"a","data":{}}\r\n'],
  ])('so the same JSON with %s is a mismatch, and genuine where it was signed so', async (_what, body) => {
    const original = { 'x-grantiva-signature': `sha256=${hmacHex('{"event":"a","data":{}}')}` };
    expect(await verdict(grantiva(), original, body)).toBe('signature_mismatch');
    expect(await verdict(grantiva(), { 'x-grantiva-signature': `sha256=${hmacHex(body)}` }, body)).toBe('genuine');
  });
});

describe('a scheme that is only half there', () => {
  const body = '{"type":"a","data":{}}';
  const whole = standard('msg_1', String(now), `v1,${hmacBase64(`msg_1.${now}.${body}`)}`);
  it.each(Object.keys(whole))('is missing_signature without %s', async (name) => {
    const { [name]: _dropped, ...rest } = whole as Record<string, string>;
    expect(await verdict(standardWebhooks(), rest, body)).toBe('missing_signature');
  });

  it('is missing_signature where no header of it came', async () => {
    expect(await verdict(standardWebhooks(), { 'content-type': 'application/json' }, body)).toBe('missing_signature');
  });

  it('is missing_signature where the header is undefined', async () => {
    const headers: Record<string, string> = {};
    Object.assign(headers, { 'x-grantiva-signature': undefined });
    expect(await verdict(grantiva(), headers, body)).toBe('missing_signature');
  });
});

describe('of several names of a signature header', () => {
  it('only the first that is present is read', async () => {
    const body = '{"event_type":"a","event_data":{}}';
    const [good, bad] = [hmacHex(body), '0'.repeat(64)];
    expect(await verdict(gravv(), { 'x-signature': good }, body)).toBe('genuine');
    expect(await verdict(gravv(), { 'x-gravv-signature': good, 'x-signature': bad }, body)).toBe('genuine');
    expect(await verdict(gravv(), { 'x-gravv-signature': bad, 'x-signature': good }, body)).toBe('signature_mismatch');
  });
});

describe('a header that holds the signature and the time, as Stripe sends it', () => {
  const signature: SignatureScheme = {
    header: 'Stripe-Signature',
    encoding: 'hex',
    prefix: 'v1=',
    separator: ',',
    signs: '{timestamp}.{body}',
    timestamp: { header: 'Stripe-Signature', prefix: 't=' },
  };
  const stripe = defineProvider({ name: 'stripe', signature, envelope: { type: 'type', data: 'data' } });
  const body = '{"type":"charge.succeeded","data":{}}';
  const v1 = `v1=${hmacHex(`${now}.${body}`)}`;
  const stripeVerdict = (header: string) => verdict(stripe, { 'stripe-signature': header }, body);

  it('is split into its entries', async () => {
    expect(await stripeVerdict(`t=${now},${v1}`)).toBe('genuine');
    expect(await stripeVerdict(`${v1},v0=abc,t=${now}`)).toBe('genuine');
  });

  it('is what signBody makes', async () => {
    const signed = { body, secret, id: '', timestamp: now };
    expect(await signBody(stripe, signed)).toEqual({ 'stripe-signature': `t=${now},${v1}` });
  });

  it('is malformed without a time', async () => {
    expect(await stripeVerdict(v1)).toBe('malformed_signature');
  });

  it('is judged by the first time in it, which must be the signed one', async () => {
    expect(await stripeVerdict(`t=${now - 1},t=${now},${v1}`)).toBe('signature_mismatch');
  });
});

describe('several secrets', () => {
  const [scheme] = grantiva().signature;
  const bytes = encode('{}');
  const calls: string[] = [];
  const secretWith = (name: string, mac: string): HmacMaker => ({
    hmac: () => (before, body, encoding) => {
      expect([before, body, encoding]).toEqual(['', bytes, 'hex']);
      calls.push(name);
      return mac.repeat(32);
    },
  });

  it('are tried in their order, until one fits', async () => {
    if (scheme === undefined) throw new Error('grantiva has a scheme');
    const sent = parseSignature(scheme, `sha256=${'02'.repeat(32)}`, undefined, undefined);
    if (sent instanceof Refusal) throw sent.toError();
    expect(
      await matchSignature(sent, bytes, [secretWith('one', '01'), secretWith('two', '02'), secretWith('three', '03')]),
    ).toBe(1);
    expect(calls).toEqual(['one', 'two']);
    expect(await matchSignature(sent, bytes, [secretWith('one', '01')])).toBe(-1);
    expect(await matchSignature(sent, bytes, [])).toBe(-1);
  });
});

it.each([
  ['0', true],
  ['1795216193', true],
  ['999999999999', true],
  ['1795216193000', false],
  ['', false],
  ['17952161.3', false],
  ['-1', false],
  ['١٢', false],
])('a signed time written %j: %s', (text, is) => {
  expect(isTimestamp(text)).toBe(is);
});
