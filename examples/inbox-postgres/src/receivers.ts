import type { Grantiva, WebhookOptions } from '@hookproof/core';
import type { PostgresInbox } from '@hookproof/inbox/postgres';
import type { Pool } from 'pg';

/** What every process of this app needs to make the same receivers. */
export interface ReceiversOptions {
  readonly inbox: PostgresInbox;
  /** The database, which is the inbox's too. */
  readonly pool: Pool;
}

type GrantivaOptions = WebhookOptions<Grantiva, unknown, PostgresInbox>;

/** Options of the receiver for Grantiva: the web processes mount it, the workers only make it. */
export function grantivaOptions({ inbox, pool }: ReceiversOptions): GrantivaOptions {
  return {
    secret: process.env['GRANTIVA_SECRET'] ?? '',
    inbox,
    receiverName: 'grantiva', // what the stored deliveries are filed under, so the same everywhere and for good
    on: {
      'device.high_risk': async ({ data }, { complete }) => {
        const client = await pool.connect();
        try {
          await client.query('begin');
          await client.query(
            `insert into blocked_devices values ($1, $2, 1)
             on conflict (device_id) do update set risk_score = excluded.risk_score, alarms = blocked_devices.alarms + 1`,
            [data.device_id, data.risk_score],
          );
          // Committed together with what was written, or not at all: exactly once.
          await complete(client);
          await client.query('commit');
        } catch (error) {
          await client.query('rollback');
          throw error;
        } finally {
          client.release();
        }
      },
    },
  };
}
