import { invalid } from '../options.ts';

/** What proves to a provider who calls. */
export interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  /** A text without the credential, in case that the provider repeats it. */
  readonly redact: (text: string) => string;
}

/** A token in `Authorization: Bearer`; throws `invalid_options`. */
export function bearer(option: string, token: unknown): Credential {
  const checked = checkToken(option, token);
  return { headers: { authorization: `Bearer ${checked}` }, redact: redactor([checked]) };
}

/** A key in a header of its own; throws `invalid_options`. */
export function keyIn(header: string, option: string, key: unknown): Credential {
  const checked = checkToken(option, key);
  return { headers: { [header]: checked }, redact: redactor([checked]) };
}

function checkToken(option: string, token: unknown): string {
  const checked = check(option, token);
  if (/\s/.test(checked)) {
    const fix = /^bearer\s/i.test(checked)
      ? 'Leave "Bearer" out: it is added.'
      : 'Copy it again: there is none in a token.';
    throw invalid(`${option} has a space in it.`, fix);
  }
  if (checked.startsWith('whsec_')) {
    throw invalid(`${option} is a signing secret.`, 'That belongs to a receiver. Give a key of the management API.');
  }
  return checked;
}

/** A whole `Cookie` header; throws `invalid_options`. */
export function cookies(option: string, cookie: unknown): Credential {
  const checked = check(option, cookie);
  if (!checked.includes('='))
    throw invalid(`${option} is not a Cookie header.`, 'Give it whole: name=value; other=value.');
  // Short values, such as 1 or true, would be found everywhere, and are no secrets.
  const values = checked.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
  return { headers: { cookie: checked }, redact: redactor([checked, ...values.filter((value) => value.length >= 8)]) };
}

function check(option: string, value: unknown): string {
  if (typeof value !== 'string')
    throw invalid(`${option} is not text.`, 'Is the environment variable set that holds it?');
  if (value.trim() === '') throw invalid(`${option} is empty.`, 'Is the environment variable set that holds it?');
  if (/[\r\n]$/.test(value)) throw invalid(`${option} ends in a line break.`, 'trim() it where you read it.');
  if (value !== value.trim()) throw invalid(`${option} has space around it.`, 'trim() it where you read it.');
  if (!/^[\x20-\x7e]+$/.test(value)) {
    throw invalid(`${option} has a control character or one that is not ASCII in it.`, 'Copy it again.');
  }
  return value;
}

function redactor(secrets: readonly string[]): (text: string) => string {
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, () => '[redacted]'), text);
}
