import type { OutcomeReport } from '@hookproof/core';
import { type MeterProvider, metrics } from '@opentelemetry/api';
import { dimensions } from './attributes.ts';
import { scope } from './scope.ts';

interface Instruments {
  readonly record: (report: OutcomeReport) => void;
}

/**
 * The instruments of a provider. The global one is asked for at each delivery, because what it hands out before the SDK
 * has started stays silent for ever.
 */
export function instrumentsOf(given: MeterProvider | undefined): () => Instruments {
  let made: readonly [MeterProvider, Instruments] | undefined;
  return () => {
    const provider = given ?? metrics.getMeterProvider();
    if (made?.[0] !== provider) made = [provider, createInstruments(provider)];
    return made[1];
  };
}

function createInstruments(provider: MeterProvider): Instruments {
  const meter = provider.getMeter(scope.name, undefined, scope.options);
  const deliveries = meter.createCounter('hookproof.deliveries', {
    unit: '{delivery}',
    description: 'Deliveries that were answered, and attempts of the inbox that ended.',
  });
  const duration = meter.createHistogram('hookproof.delivery.duration', {
    unit: 's',
    description: 'From the call of the receiver to its reply, or of an attempt to its record, handlers included.',
    // Those of `messaging.process.duration`; providers give up after about ten seconds.
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
  });
  return {
    record(report) {
      deliveries.add(1, dimensions(report));
      duration.record(report.durationMs / 1000, dimensions(report));
    },
  };
}
