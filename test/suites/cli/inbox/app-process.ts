// An app in a process of its own: it works until its parent is gone. The first message tells where; 'correct' ends what
// makes the handler fail; anything else is the id of an event to deliver.
import { openApp, type Place, revoked } from './app.ts';

const [place = ''] = process.argv.slice(2);
let problem: string | undefined = 'the disk is full';
const where: Place = JSON.parse(place);
const app = openApp(where, () => problem, {
  work: true,
  onOutcome: ({ stage, outcome }) => stage === 'work' && process.send?.(outcome),
});
process.on('message', async (message) => {
  if (message === 'correct') problem = undefined;
  else process.send?.(String(await app.deliver(revoked(String(message)))));
});
process.on('disconnect', () => process.exit());
process.send?.('up');
