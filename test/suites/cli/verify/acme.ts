// A module of the user's own, as `hookproof verify ./acme.ts` takes it.
export { acme as default } from '../../diagnosis/senders.ts';
