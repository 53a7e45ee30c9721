import { styleText } from 'node:util';
import type { OutcomeReport } from '@hookproof/core';

/** Where the log goes. */
export interface LogOptions {
  readonly write: (text: string) => unknown;
  /** Whether the reader's terminal shows colours. */
  readonly colour: boolean;
}

type Style = Parameters<typeof styleText>[0];

const widths = { time: 8, provider: 17, type: 28, framework: 9, status: 6, outcome: 18, ms: 6 };

export type DeliveryLog = ReturnType<typeof deliveryLog>;

/** A log of deliveries for people: one aligned line for each. */
export function deliveryLog({ write, colour }: LogOptions) {
  const paint = (style: Style, text: string) => (colour ? styleText(style, text, { validateStream: false }) : text);
  const line = (text = '') => write(`${text}\n`);
  let above = '';

  return {
    columns() {
      const names = Object.entries(widths).map(([name, width]) =>
        name === 'ms' ? name.padStart(width) : name.padEnd(width),
      );
      line(paint('dim', names.join('  ')));
    },

    section(title: string) {
      line(`\n${paint('bold', title)}`);
      above = '';
    },

    /** The line of one delivery, made of nothing but its report. What is the same as above is dimmed. */
    delivery(report: OutcomeReport) {
      const { provider, type = '-', framework, status = '-', outcome, durationMs } = report;
      const what = `${provider.padEnd(widths.provider)}  ${type.padEnd(widths.type)}`;
      const result = `${String(status).padEnd(widths.status)}  ${outcome.padEnd(widths.outcome)}`;
      const cells = [
        paint('dim', new Date().toTimeString().slice(0, widths.time)),
        what === above ? paint('dim', what) : what,
        framework.padEnd(widths.framework),
        paint(styleOf(report), result),
        paint('dim', durationMs.toFixed(1).padStart(widths.ms)),
      ];
      line(cells.join('  '));
      above = what;
    },

    /** What the operator is told of a rejection, and the sender is not. */
    reason: (text: string) => line(paint('dim', `  reported: ${text}`)),

    /** What happened besides deliveries. */
    note: (text: string) => line(paint('yellow', `  ${text}`)),

    problem: (text: string) => line(paint(['bold', 'red'], `✗ ${text}`)),

    summary(counts: ReadonlyMap<string, number>, sent: number, asExpected: number, seconds: number) {
      const all = sent === asExpected;
      line();
      line(
        paint(
          ['bold', all ? 'green' : 'red'],
          `${all ? '✓' : '✗'} ${sent} ${sent === 1 ? 'delivery' : 'deliveries'}, ${asExpected} as expected, in ${seconds.toFixed(1)} s`,
        ),
      );
      for (const [outcome, count] of counts) line(`${String(count).padStart(7)}  ${outcome}`);
    },

    interrupted: () => line(`\n${paint('yellow', 'Interrupted: the delivery under way was finished.')}`),
  };
}

function styleOf({ status, error }: OutcomeReport): Style {
  if (status === undefined) return error === undefined ? 'green' : 'red';
  if (status < 300) return 'green';
  return status < 500 ? 'yellow' : 'red';
}
