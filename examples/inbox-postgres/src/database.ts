import { Pool } from 'pg';

/** Connects to `DATABASE_URL` and makes the app's table where it is not there. */
export async function openPool(): Promise<Pool> {
  const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
  // A connection that dies while nobody uses it is replaced; without this line its error would end the process.
  pool.on('error', (error) => console.error('pg:', error.message));
  // `alarms` counts, so an event that is handled twice shows. Several processes may start at once: one at a time.
  await pool.query(`
    begin;
    select pg_advisory_xact_lock(7041);
    create table if not exists blocked_devices (device_id text primary key, risk_score real not null, alarms int not null);
    commit`);
  return pool;
}
