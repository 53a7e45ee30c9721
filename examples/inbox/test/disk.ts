// How much disk a stored delivery takes: `pnpm disk`.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReceiver, grantex } from '@hookproof/core';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { sampleEvent, signedDelivery } from '@hookproof/testing';

const count = 10_000;
const secret = 'a secret of the measurement';
const folder = mkdtempSync(join(tmpdir(), 'hookproof-disk-'));
const path = join(folder, 'inbox.db');
const inbox = sqliteInbox({ path, work: false });
const receiver = createReceiver({ provider: grantex(), secret, inbox, on: { '*': () => undefined } });

const { headers, body } = await signedDelivery(grantex(), sampleEvent(grantex(), 'token.issued'), { secret });
const text = new TextDecoder().decode(body);
const id = /"id":"([^"]+)"/.exec(text)?.[1] ?? '';
await receiver.receive({ headers, body });
const accepted = await inbox.get('1');
if (accepted === undefined) throw new Error('nothing was stored');
const more = Array.from({ length: count - 1 }, (_, index) =>
  inbox.accept({ ...accepted, key: id.slice(0, -6) + String(index).padStart(6, '0') }),
);
await Promise.all(more);
await inbox.close(); // which writes the log of SQLite into the file

const perDelivery = Math.round(statSync(path).size / count);
console.log(
  `${count} deliveries of ${body.length} bytes and ${accepted.headers.size} headers: ${perDelivery} bytes each`,
);
rmSync(folder, { recursive: true });
