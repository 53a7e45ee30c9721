import { expect, it } from 'vitest';
import { knownSender } from './senders.ts';

it.each([
  ['x-grantiva-signature', 'Grantiva'],
  ['x-grantex-signature-v2', 'Grantex'],
  ['x-grantex-signature', 'Grantex'],
  ['x-gravv-signature', 'Gravv'],
  ['webhook-signature', 'Standard Webhooks'],
  ['svix-signature', 'Standard Webhooks'],
  ['stripe-signature', 'Stripe'],
  ['x-hub-signature-256', 'GitHub'],
  ['x-hub-signature', 'GitHub'],
  ['x-gitlab-token', 'GitLab'],
  ['x-slack-signature', 'Slack'],
  ['x-shopify-hmac-sha256', 'Shopify'],
  ['x-wc-webhook-signature', 'WooCommerce'],
  ['x-twilio-signature', 'Twilio'],
  ['x-twilio-email-event-webhook-signature', 'SendGrid'],
  ['paddle-signature', 'Paddle'],
  ['paypal-transmission-sig', 'PayPal'],
  ['x-square-hmacsha256-signature', 'Square'],
  ['x-square-signature', 'Square'],
  ['x-paystack-signature', 'Paystack'],
  ['verif-hash', 'Flutterwave'],
  ['flutterwave-signature', 'Flutterwave'],
  ['x-razorpay-signature', 'Razorpay'],
  ['x-cc-webhook-signature', 'Coinbase Commerce'],
  ['linear-signature', 'Linear'],
  ['x-zm-signature', 'Zoom'],
  ['x-zendesk-webhook-signature', 'Zendesk'],
  ['x-hubspot-signature-v3', 'HubSpot'],
  ['x-hubspot-signature', 'HubSpot'],
  ['typeform-signature', 'Typeform'],
  ['calendly-webhook-signature', 'Calendly'],
  ['x-docusign-signature-1', 'DocuSign'],
  ['x-pagerduty-signature', 'PagerDuty'],
  ['sentry-hook-signature', 'Sentry'],
  ['x-vercel-signature', 'Vercel'],
  ['workos-signature', 'WorkOS'],
  ['x-notion-signature', 'Notion'],
  ['x-hook-signature', 'Asana'],
  ['x-dropbox-signature', 'Dropbox'],
  ['x-line-signature', 'LINE'],
])('the header %s is of %s', (header, sender) => {
  expect(knownSender(['host', header])).toEqual({ header, sender });
});

it('a header that only looks like one of theirs is of nobody', () => {
  const headers = [
    'x-acme-signature',
    'signature',
    'stripe-version',
    'x-line-retry-key',
    'mystripe-signature',
    'x-signature',
  ];
  expect(knownSender([...headers, `x-${'a-'.repeat(30_000)}signature`])).toBeUndefined();
});
