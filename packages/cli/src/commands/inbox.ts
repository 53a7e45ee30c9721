import type { Command } from '@commander-js/extra-typings';
import { addBackup } from '../inbox/backup.ts';
import { addCounts } from '../inbox/counts.ts';
import { addDiscard } from '../inbox/discard.ts';
import { addList } from '../inbox/list.ts';
import { addPrune } from '../inbox/prune.ts';
import { addReplay } from '../inbox/replay.ts';
import { addResend } from '../inbox/resend.ts';
import { addRestore } from '../inbox/restore.ts';
import { addShow } from '../inbox/show.ts';
import type { Shell } from '../shell.ts';

/** Adds `inbox` with its commands. */
export function addInbox(program: Command, shell: Shell): void {
  const inbox = program
    .command('inbox')
    .summary('look into the inbox of an app, and replay what failed')
    .description(
      'Look into the inbox of an app that may be running, and replay or discard what it could not handle. Nothing is ' +
        'handled here, and no store is made.',
    )
    .addHelpText(
      'after',
      `
The store is the first argument, or in the environment variable HOOKPROOF_INBOX, where a password is safer:
  webhooks.db                            a SQLite file, also as sqlite:webhooks.db
  postgres://user:password@host/app      PostgreSQL; needs pg beside @hookproof/cli
  redis://user:password@host:6379/0      Redis; needs ioredis and bullmq beside it

At three in the morning:
  $ hookproof inbox counts webhooks.db
  $ hookproof inbox list webhooks.db --state dead      what could not be handled, and why
  $ hookproof inbox show webhooks.db 42
  … correct the cause, and deploy …
  $ hookproof inbox replay webhooks.db --all
  $ hookproof inbox counts webhooks.db`,
    );
  addList(inbox, shell);
  addShow(inbox, shell);
  addReplay(inbox, shell);
  addResend(inbox, shell);
  addDiscard(inbox, shell);
  addCounts(inbox, shell);
  addPrune(inbox, shell);
  addBackup(inbox, shell);
  addRestore(inbox, shell);
}
