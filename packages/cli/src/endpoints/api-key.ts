import type { Command } from '@commander-js/extra-typings';
import { usage } from '../failure.ts';
import { fetchThroughProxy } from '../proxy.ts';
import { findSecret } from '../secrets.ts';
import { jsonOption } from '../shell.ts';
import type { Report } from '../terminal.ts';
import { timeoutOption } from './actions.ts';

/** An API that takes a key. */
export interface KeyedApi {
  /** What its environment variables begin with. */
  readonly variables: 'GRANTEX' | 'GRAVV';
  readonly url: string;
}

/** What the options of {@link withApiKey} are. */
export interface ApiKeyOptions {
  readonly timeout: number;
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly apiKeyFile?: string | undefined;
}

/** Adds the options that say where an API is, and how to call it. */
export function withApiKey(command: Command, { variables, url }: KeyedApi) {
  return command
    .option('--api-key <key>', `your API key: better in ${variables}_API_KEY`)
    .option('--api-key-file <path>', 'a file with the API key; - for standard input')
    .option('--base-url <url>', `where the API is; ${variables}_URL, or ${url}`)
    .option(...timeoutOption)
    .option(...jsonOption);
}

/** What the options and the environment say for a client. */
export async function connectionOf(
  { variables }: KeyedApi,
  { apiKey: given, apiKeyFile: file, timeout, ...options }: ApiKeyOptions,
  report: Report,
) {
  const { env } = report.terminal;
  const apiKey = await findSecret({ name: 'api-key', env: [`${variables}_API_KEY`], given, file }, report);
  if (apiKey === undefined) {
    throw usage('There is no API key.', `Set ${variables}_API_KEY, or give --api-key-file <path>.`);
  }
  const baseUrl = options.baseUrl ?? (env[`${variables}_URL`] || undefined);
  return { apiKey, baseUrl, fetch: await fetchThroughProxy(report.terminal), timeoutMs: timeout * 1_000 };
}
