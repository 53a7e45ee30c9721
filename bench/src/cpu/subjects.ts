import type { SchemeName } from '../deliveries.ts';
import type { Pair } from './pair.ts';

/** What a process measures. */
export interface Subject {
  readonly name: SubjectName;
  readonly scheme: SchemeName;
  readonly bytes: number;
}

export type SubjectName = keyof typeof subjects;

type MakePair = (scheme: SchemeName, bytes: number) => Promise<Pair>;

const receive = () => import('../in-process/receive.ts');

/** Each is imported only in the process that measures it. */
const subjects = {
  twice: async (scheme, bytes) => (await receive()).twice(scheme, bytes),
  receive: async (scheme, bytes) => (await receive()).plain(scheme, bytes),
  dedupe: async (scheme, bytes) => (await receive()).deduping(scheme, bytes),
  'async handler': async (scheme, bytes) => (await receive()).asyncHandler(scheme, bytes),
  'secret function': async (scheme, bytes) => (await receive()).secretFunction(scheme, bytes),
  fetch: async (scheme, bytes) => (await import('../in-process/fetch.ts')).fetching(scheme, bytes),
  'on WebCrypto': async (scheme, bytes) => (await import('../in-process/web-crypto.ts')).onWebCrypto(scheme, bytes),
  'many handlers': async (scheme, bytes) => (await import('../in-process/many.ts')).manyHandlers(scheme, bytes),
  'many secrets': async (scheme, bytes) => (await import('../in-process/many.ts')).manySecrets(scheme, bytes),
  reports: async (scheme, bytes) => (await import('../in-process/many.ts')).reports(scheme, bytes),
  octokit: async (_scheme, bytes) => (await import('../peers/octokit.ts')).octokit(bytes),
  stripe: async (_scheme, bytes) => (await import('../peers/stripe.ts')).constructEvent(bytes),
  standardwebhooks: async (_scheme, bytes) => (await import('../peers/standard-webhooks.ts')).standardWebhooks(bytes),
  svix: async (_scheme, bytes) => (await import('../peers/standard-webhooks.ts')).svix(bytes),
  tern: async (_scheme, bytes) => (await import('../peers/tern.ts')).tern(bytes),
  mismatch: async (_scheme, bytes) => (await import('../forgery/forged.ts')).mismatch(bytes),
  missing: async (_scheme, bytes) => (await import('../forgery/forged.ts')).missing(bytes),
  malformed: async (_scheme, bytes) => (await import('../forgery/forged.ts')).malformed(bytes),
} as const satisfies Record<string, MakePair>;

export function makePair({ name, scheme, bytes }: Subject): Promise<Pair> {
  return subjects[name](scheme, bytes);
}
