import type { Accepted } from '@hookproof/core/inbox';
import type { Engine, Fresh } from '../engine.ts';
import type { Settings } from '../options.ts';
import { sqliteAttempts } from './attempts.ts';
import type { DatabaseFile } from './file.ts';
import { laneIsHeld } from './lanes.ts';
import { sqliteLists } from './lists.ts';
import { watchLog } from './log.ts';
import { isRow, numberIn } from './rows.ts';
import { sqliteTransactions } from './transactions.ts';

/** The inbox's store in a SQLite database: every step is one transaction. */
export function sqliteEngine(file: DatabaseFile, settings: Settings): Engine<true, void> {
  const transactions = sqliteTransactions(file);
  const { sql, transaction } = transactions;
  const attempts = sqliteAttempts(transactions, settings);
  const lookAtLog = watchLog(file, settings.onError);

  function storeOne({ name, owner, key, type, lane, receivedAt, headers, body }: Fresh): Accepted {
    const pruned = sql('SELECT seq FROM hookproof_keys WHERE name = ? AND key = ?').get(name, key);
    if (isRow(pruned)) return { id: String(numberIn(pruned, 'seq')), isNew: false };
    const parked = lane !== undefined && laneIsHeld(sql, name, lane) ? 1 : 0;
    const [row] = sql(`
      INSERT INTO hookproof_deliveries
        (name, owner, key, type, lane, in_lane, parked, state, received_at, due_from, due_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?) ON CONFLICT (name, key) DO NOTHING RETURNING seq`).all(
      ...[name, owner ?? null, key, type ?? null, lane ?? null, lane === undefined ? 0 : 1, parked],
      ...[receivedAt, receivedAt, receivedAt],
    );
    if (row === undefined) {
      const known = sql('SELECT seq FROM hookproof_deliveries WHERE name = ? AND key = ?').get(name, key);
      return { id: String(numberIn(known, 'seq')), isNew: false };
    }
    const seq = numberIn(row, 'seq');
    sql('INSERT INTO hookproof_bodies VALUES (?, ?, ?)').run(seq, JSON.stringify([...headers]), body);
    return { id: String(seq), isNew: true };
  }

  return {
    lanes: true,
    open: () => undefined,
    async store(deliveries) {
      const accepted = await transaction(() => deliveries.map(storeOne));
      // What is in a file that nobody will find again must not be answered with 2xx.
      file.confirm();
      return accepted;
    },
    ...attempts,
    async recover(patient) {
      await attempts.recover(patient);
      lookAtLog();
    },
    ...sqliteLists(transactions, settings),
    close: () => file.close(),
  };
}
