import { runDemo } from './demo.ts';
import { killedAndRestarted } from './killed.ts';
import { scenes } from './scenes.ts';

const { stdout } = process;
const interruption = new AbortController();
process.on('SIGINT', () => interruption.abort());
process.on('SIGTERM', () => interruption.abort());

const result = await runDemo({
  scenes: await scenes(),
  parts: [killedAndRestarted],
  write: (text) => stdout.write(text),
  // `hasColors` looks at NO_COLOR, FORCE_COLOR and TERM.
  colour: stdout.isTTY && stdout.hasColors(),
  signal: interruption.signal,
});
process.exitCode = { passed: 0, failed: 1, interrupted: 130 }[result];
