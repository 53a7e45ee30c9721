import type { Row } from '../row.ts';
import { expressRows } from './express.ts';
import { fastifyRows } from './fastify.ts';

/** Every row, framework by framework. */
export const rows: readonly Row[] = [...expressRows, ...fastifyRows];
