/** The packages that are installed beside every runtime, and run on it. */
export const installed: readonly string[] = ['core', 'endpoints', 'express', 'fastify', 'hono', 'inbox', 'testing'];

/** Those that are not, with the reason. */
export const leftOut: Readonly<Record<string, string>> = {
  cli: 'a command of Node',
  otel: 'it calls @opentelemetry/api and nothing of a runtime',
};
