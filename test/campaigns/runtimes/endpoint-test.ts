import type { ProviderServer } from '../../suites/endpoints/servers.ts';
import type { CallError, CallMade, CallOrder, EndpointCall } from './hosts/wire.ts';

/** What a test may say of a client and its call. */
export type Settings = Partial<Omit<CallOrder, 'provider' | 'baseUrl' | 'method'>>;

/** A provider's API that runs here, another where nothing may go, and calls of the first by a client in the host. */
export interface Given<Server> {
  readonly server: Server;
  readonly elsewhere: ProviderServer;
  /** One attempt, unless `maxAttempts` says otherwise. */
  readonly call: (call: EndpointCall, settings?: Settings) => Promise<CallMade>;
  /** The error of a call that must fail. */
  readonly errorOf: (call: EndpointCall, settings?: Settings) => Promise<CallError>;
}

/** A test by its name. */
export type EndpointTest<Server> = readonly [title: string, run: (given: Given<Server>) => Promise<void>];
