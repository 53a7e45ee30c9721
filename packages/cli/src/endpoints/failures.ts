import { WebhookError } from '@hookproof/core';
import { EndpointError } from '@hookproof/endpoints';
import { exitCode } from '../exit-code.ts';
import { Failure, failureOf, inWordsOf, type Names, problemOf } from '../failure.ts';
import type { Shell } from '../shell.ts';

/** A provider whose API has endpoints, as its command is called. */
export type EndpointProvider = 'grantiva' | 'grantex' | 'gravv';

/** The shell, whose work ends with errors in the words of the command line. */
export function tellingFailures(shell: Shell, provider: EndpointProvider): Shell {
  return {
    ...shell,
    perform: (options, work) =>
      shell.perform(options, (report) =>
        work(report).catch((thrown: unknown) => {
          throw failureIn(provider, thrown);
        }),
      ),
  };
}

/** Whatever was thrown, as a failure; an error of a client told to someone who uses the command line. */
export function failureIn(provider: EndpointProvider, thrown: unknown): Failure {
  const named = (text: string) => inWordsOf(namesOf(provider), text);
  if (thrown instanceof WebhookError && thrown.code === 'invalid_options') {
    const fix = thrown.fix === undefined ? undefined : named(thrown.fix);
    return new Failure(exitCode.usage, thrown.code, named(problemOf(thrown)), { fix, cause: thrown });
  }
  if (!(thrown instanceof EndpointError)) return failureOf(thrown);
  const { code, status, providerCode, providerMessage, requestId, retryAfterMs, mayExist } = thrown;
  const details = { status, providerCode, providerMessage, requestId, retryAfterMs, mayExist };
  const problem = code === 'aborted' ? 'Stopped.' : named(problemOf(thrown));
  const left = mayExist ? named(secretLost) : undefined;
  const own = fixOf(thrown);
  const fix = own === undefined ? named(thrown.fix) : [own, left].filter(Boolean).join(' ') || undefined;
  return new Failure(exitCode.failed, code, problem, { fix, details, cause: thrown });
}

/** What to do on the command line, where that is other than in a program; undefined where it is the same. */
function fixOf({ code, status, requestId, retryAfterMs, cause }: EndpointError): string | undefined {
  switch (code) {
    case 'aborted':
      return '';
    case 'cannot_update':
      return (
        'Give --replace for a new endpoint with a new secret, after which this one is deleted once nothing is queued for it; ' +
        'or delete it yourself; or give the --events that it has.'
      );
    case 'network_error':
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ERR_PROXY_TUNNEL')) return undefined;
      return `${cause.message} Check HTTPS_PROXY: its address, its user and password; and whether it lets you there.`;
    case 'invalid_request':
      return status === 415 ? 'It was sent: look for what changes requests on their way, such as a proxy.' : undefined;
    case 'rate_limited':
      return `Try again in ${duration(retryAfterMs ?? 60_000)}.`;
    case 'server_error':
      return `Try again later${requestId === undefined ? '' : '; its support will ask for the id of the request'}.`;
    case 'timed_out':
      return status === undefined
        ? 'Check that its host can be reached from here, or give it longer with --timeout <seconds>.'
        : 'Try again.';
    default:
      return undefined;
  }
}

const secretLost =
  'The endpoint may exist now, and its secret is not told twice: look with list(), and delete it before you create it again.';

/** What a client calls its options and methods, and what they are called on the command line. */
function namesOf(provider: EndpointProvider): Names {
  return [
    [/\blist\(\)/g, `hookproof endpoints ${provider} list`],
    [/\bbaseUrl\b/g, `--base-url (${provider.toUpperCase()}_URL)`],
    // What it says is printed beside it.
    [/: providerMessage says more, where there is one\./, '.'],
    [/ providerMessage says more, where there is one\./, ''],
    [/\bCheck url and events\b/, 'Check the options, such as --url and --events'],
    [/\bCheck the arguments\b/, 'Check the options'],
    [/\bCheck apiKey\b/g, `Check the API key (${provider.toUpperCase()}_API_KEY, --api-key-file)`],
    [/\bCheck token\b/g, 'Check the API key (GRANTIVA_TOKEN, --token-file)'],
    [/\bCheck cookie\b/g, 'Check the cookie (GRANTIVA_COOKIE, --cookie-file)'],
    [/^(apiKey|token)\b/, 'The API key'],
    [/^cookie\b/, 'The cookie'],
    [/^url\b/, '--url'],
    [/^id is\b/, 'This is'],
    [/\btrim\(\) it where you read it\b/, 'Take it away where it is kept'],
    [/\btimeoutMs \((\d+)000 ms\)/, '$1 s'],
  ];
}

function duration(ms: number): string {
  const seconds = Math.max(Math.ceil(ms / 1_000), 1);
  if (seconds < 120) return seconds === 1 ? 'a second' : seconds === 60 ? 'a minute' : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}
