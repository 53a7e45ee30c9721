import { printable } from '@hookproof/core/strict';
import { sqliteInbox } from '@hookproof/inbox/sqlite';

const { DATABASE = 'app.db' } = process.env;
const [command = 'list', what] = process.argv.slice(2);

// Beside the running server, which takes up what is replayed within a second. This process works on nothing.
const inbox = sqliteInbox({ path: DATABASE, work: false });

switch (command) {
  case 'list':
    for await (const { id, type, attempts, receivedAt, error } of inbox.list({ state: 'dead' })) {
      const why = printable(`${error?.code}: ${error?.message}`);
      console.log(`${id}  ${receivedAt.toISOString()}  ${printable(type ?? '-')}  ${attempts} attempts  ${why}`);
    }
    break;
  case 'replay':
    // After the fix, and only what failed by it: all that has this code, or one by its id.
    console.log(`${await inbox.replay(meant(what))} replayed`);
    break;
  case 'discard':
    if (what === undefined) throw new Error('Say the id of the delivery that is to be deleted.');
    console.log(`${await inbox.discard(what)} discarded`);
    break;
  default:
    throw new Error(`${command} is no command: use list, replay [id or code], or discard <id>.`);
}

await inbox.close();

/** One delivery, or the dead ones: all, or those with a code. */
function meant(given: string | undefined) {
  if (given === undefined) return { state: 'dead' } as const;
  return /^\d+$/.test(given) ? given : ({ state: 'dead', error: given } as const);
}
