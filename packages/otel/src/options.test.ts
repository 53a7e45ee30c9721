import { expect, it } from 'vitest';
import { telemetry } from './index.ts';

it.each([
  [{ traceProvider: undefined }, 'traceProvider is not an option of telemetry. Did you mean tracerProvider?'],
  [{ diagnosis: true }, 'diagnosis is not an option of telemetry. Did you mean diagnose?'],
  [{ metrics: false }, 'metrics is not an option of telemetry. There are: tracerProvider, meterProvider, diagnose.'],
  [null, 'The options of telemetry must be an object'],
])('telemetry(%j): %s', (options, message) => {
  expect(() => Reflect.apply(telemetry, undefined, [options])).toThrow(message);
});
