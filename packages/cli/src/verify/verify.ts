import type { Provider } from '@hookproof/core';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { usage } from '../failure.ts';
import { readInput } from '../input.ts';
import type { Report } from '../terminal.ts';
import { type Format, readCapture } from './captures/formats.ts';
import type { CapturedRequest, Header } from './captures/request.ts';
import { chooseRequest } from './choose.ts';
import { claimedIn } from './claimed.ts';
import { judge } from './judge.ts';
import type { Moment } from './moment.ts';
import { readSecrets } from './secrets.ts';
import { tellVerdict } from './tell.ts';
import { checkHidden, withCut } from './uncaptured.ts';

/** What `hookproof verify` was told. */
export interface VerifyOptions {
  readonly format?: Format | undefined;
  readonly entry?: number | undefined;
  readonly header?: readonly Header[] | undefined;
  readonly body?: string | undefined;
  readonly bodyFile?: string | undefined;
  readonly secret?: string | undefined;
  readonly secretFile?: readonly string[] | undefined;
  readonly at?: Moment | undefined;
  readonly tolerance?: number | undefined;
  readonly maxBodyBytes?: number | undefined;
}

/** Tells whether a captured request is genuine, and if not why. */
export async function verify(
  provider: Provider,
  file: string | undefined,
  options: VerifyOptions,
  report: Report,
): Promise<ExitCode> {
  checkSources(file, options);
  const secrets = await readSecrets(options, report);
  const request = await readRequest(provider, file, options, report);
  const claimed = claimedIn(request.headers, provider);
  const signedAt = claimed?.signedAt;
  const verdict = await judge(request, {
    provider,
    secrets: secrets.map(({ value }) => value),
    at: (options.at === 'signed' ? signedAt : options.at) ?? Date.now(),
    toleranceSeconds: options.tolerance,
    maxBodyBytes: options.maxBodyBytes,
  });
  const notes = [...request.notes, ...verdict.notes];
  if (options.at === 'signed' && signedAt === undefined) notes.push('No time is signed: --at signed changes nothing.');
  await tellVerdict({ verdict, claimed, secrets, notes, isTimed: options.at !== undefined }, report);
  return verdict.diagnosis === undefined ? exitCode.ok : exitCode.no;
}

/** Whether the request is described by options alone. */
function isByHand(file: string | undefined, { header, body, bodyFile }: VerifyOptions): boolean {
  return file === undefined && (header ?? body ?? bodyFile) !== undefined;
}

/** Two things cannot come from one place. */
function checkSources(file: string | undefined, options: VerifyOptions): void {
  if (options.body !== undefined && options.bodyFile !== undefined) {
    throw usage('--body and --body-file were both given.', 'Give one.');
  }
  const read = [isByHand(file, options) ? undefined : (file ?? '-'), options.bodyFile, ...(options.secretFile ?? [])];
  if (read.filter((path) => path === '-').length > 1) {
    throw usage('Standard input can only be one of the request, --body-file and --secret-file.', 'Give files.');
  }
}

/** The request of the capture, with what the options add to it or put in its place. */
async function readRequest(
  provider: Provider,
  file: string | undefined,
  options: VerifyOptions,
  report: Report,
): Promise<CapturedRequest> {
  const { header = [], format, entry } = options;
  const captured = isByHand(file, options)
    ? undefined
    : chooseRequest(readCapture(await readInput(file ?? '-', 'The request', report), format), provider, entry);
  const given = new Set(header.map(([name]) => name.toLowerCase()));
  const headers = [...(captured?.headers ?? []).filter(([name]) => !given.has(name.toLowerCase())), ...header];
  checkHidden(headers, provider);
  const body = await givenBody(options, report);
  if (body === undefined && captured?.body === undefined) throw noBody(captured);
  const { method = 'POST', target, isCut = false, counted, notes = [] } = captured ?? {};
  // What the capture lacks of the body does not matter where it is given beside it.
  if (body !== undefined) return { method, target, headers, body, isCut: false, notes: [] };
  return withCut({ method, target, headers, body: captured?.body, isCut, counted, notes });
}

async function givenBody({ body, bodyFile }: VerifyOptions, report: Report): Promise<Uint8Array | undefined> {
  if (body !== undefined) return Buffer.from(body);
  return bodyFile === undefined ? undefined : readInput(bodyFile, 'The body', report);
}

function noBody(captured: CapturedRequest | undefined): Error {
  const fix = "Give it with --body-file <path>; --body '' is an empty one.";
  if (captured === undefined) return usage('There is no body.', fix);
  return usage(`The capture does not hold the body. ${captured.whyNoBody ?? ''}`.trimEnd(), fix);
}
