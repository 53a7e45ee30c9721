/** What the project of a package installs besides it: packages of ours, and others from the registry. */
export interface Project {
  readonly own: readonly string[];
  readonly others: readonly string[];
}

/** The projects of packed.test.ts, one for each package. */
export const projects: Readonly<Record<string, Project>> = {
  cli: { own: ['core', 'cli', 'endpoints', 'inbox', 'testing'], others: ['libsql'] },
  core: { own: ['core'], others: [] },
  endpoints: { own: ['core', 'endpoints'], others: [] },
  express: { own: ['core', 'express'], others: ['express', '@types/express'] },
  fastify: { own: ['core', 'fastify'], others: ['fastify'] },
  hono: { own: ['core', 'hono'], others: ['hono', '@hono/node-server'] },
  inbox: { own: ['core', 'inbox'], others: ['libsql', 'pg', '@types/pg', 'bullmq', 'ioredis'] },
  otel: { own: ['core', 'otel'], others: ['@opentelemetry/api', '@opentelemetry/sdk-trace-base'] },
  testing: { own: ['core', 'express', 'testing'], others: [] },
};
