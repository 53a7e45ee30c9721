'use strict';
const Sentry = require('@sentry/node');

// Nobody listens there: nothing leaves this machine.
Sentry.init({
  dsn: 'http://key@127.0.0.1:9/1',
  tracesSampleRate: 1,
  beforeSendSpan: Sentry.withStreamedSpan((span) => {
    console.log(`a span of ${span.name}`);
    return span;
  }),
});
