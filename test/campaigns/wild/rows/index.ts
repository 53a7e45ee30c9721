import type { Row } from '../row.ts';
import { expressRows } from './express.ts';
import { fastifyRows } from './fastify.ts';
import { fastifyPluginRows } from './fastify-plugins.ts';
import { honoRows } from './hono.ts';
import { nestRows } from './nest.ts';
import { nextRows } from './next.ts';
import { otherRows } from './others.ts';
import { serverlessRows } from './serverless.ts';

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
];
