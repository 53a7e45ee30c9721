/**
 * A span and metrics for every webhook delivery and every attempt of its inbox, through OpenTelemetry.
 *
 * @module
 */
import type { Wrap } from '@hookproof/core';
import { checkNames } from '@hookproof/core/strict';
import { type MeterProvider, SpanKind, SpanStatusCode, type TracerProvider, trace } from '@opentelemetry/api';
import { afterwards, beforehand, failed } from './attributes.ts';
import { instrumentsOf } from './instruments.ts';
import { scope } from './scope.ts';

/** Options of {@link telemetry}. */
export interface TelemetryOptions {
  /** Where spans go; the global provider by default. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Where metrics go; the global provider by default. */
  readonly meterProvider?: MeterProvider | undefined;
  /**
   * Finds out why a delivery was rejected, after the reply, and puts the cause on its span; `false` by default. A
   * forger then costs you a diagnosis as well, as many a minute as the receiver allows.
   */
  readonly diagnose?: boolean | undefined;
}

/**
 * Makes one span and two measurements per delivery, and per attempt of an inbox. The span is active while the handlers
 * run, so that what they do is below it, and that of a delivery is itself below the span of the HTTP request where there
 * is one. A body, a header, a secret, a query or an error's message never gets into either.
 *
 * @throws WebhookError `invalid_options` for a name that is not an option
 * @returns what the `wrap` option of every adapter takes; one value serves any number of receivers
 *
 * @example
 * ```ts
 * import { grantivaWebhooks } from '@hookproof/express';
 * import { telemetry } from '@hookproof/otel';
 *
 * export const middleware = grantivaWebhooks({
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   on: { 'device.high_risk': ({ data }) => console.log(data.device_id) },
 *   wrap: telemetry(),
 * });
 * ```
 */
export function telemetry(options: TelemetryOptions = {}): Wrap {
  const names = { tracerProvider: true, meterProvider: true, diagnose: true } as const;
  const { tracerProvider, meterProvider, diagnose = false } = checkNames('telemetry', options, names);
  const tracer = (tracerProvider ?? trace.getTracerProvider()).getTracer(scope.name, undefined, scope.options);
  const instruments = instrumentsOf(meterProvider);
  return (receive, about) => {
    const begun = { kind: SpanKind.CONSUMER, attributes: beforehand(about) };
    return tracer.startActiveSpan(`process ${about.provider}`, begun, async (span) => {
      let ended: number | undefined;
      try {
        const report = await receive();
        ended = performance.now();
        instruments().record(report);
        span.setAttributes(afterwards(report));
        // As for an HTTP server: what a sender did wrong is no error of this service.
        if (failed(report, 500)) span.setStatus({ code: SpanStatusCode.ERROR });
        const diagnosis = diagnose ? await report.diagnose?.() : undefined;
        if (diagnosis !== undefined) span.setAttribute('hookproof.diagnosis.cause', diagnosis.cause);
      } finally {
        span.end(ended);
      }
    });
  };
}
