import type { Row } from '../row.ts';
import { expressRows } from './express.ts';
import { fastifyRows } from './fastify.ts';
import { fastifyPluginRows } from './fastify-plugins.ts';
import { honoRows } from './hono.ts';
import { hotReloadRows } from './hot-reload.ts';
import { nestRows } from './nest.ts';
import { nextRows } from './next.ts';
import { otherRows } from './others.ts';
import { serverlessRows } from './serverless.ts';
import { testRunnerRows } from './test-runners.ts';
import { typesRows } from './types.ts';

/** Every row, framework by framework. */
export const rows: readonly Row[] = [
  ...expressRows,
  ...fastifyRows,
  ...fastifyPluginRows,
  ...honoRows,
  ...nestRows,
  ...nextRows,
  ...otherRows,
  ...serverlessRows,
  ...hotReloadRows,
  ...testRunnerRows,
  ...typesRows,
];
