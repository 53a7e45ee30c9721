/** What is used of the modules that workerd brings. */
declare module 'cloudflare:workers' {
  export function waitUntil(promise: Promise<unknown>): void;
}
