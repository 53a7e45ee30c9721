/** Senders whose signature stands in a header with their name, by their own documentation. */
const named = [
  'Grantiva',
  'Grantex',
  'Gravv',
  'Stripe',
  'Slack',
  'Shopify',
  'Twilio',
  'Paddle',
  'PayPal',
  'Square',
  'Paystack',
  'Flutterwave',
  'Razorpay',
  'Linear',
  'Zendesk',
  'HubSpot',
  'Typeform',
  'Calendly',
  'DocuSign',
  'PagerDuty',
  'Sentry',
  'Vercel',
  'WorkOS',
  'Notion',
  'Dropbox',
  'LINE',
];

/** Headers of those whose signature stands elsewhere. */
const senderOf = new Map([
  ['webhook-signature', 'Standard Webhooks'],
  ['svix-signature', 'Standard Webhooks'],
  ['x-hub-signature-256', 'GitHub'],
  ['x-hub-signature', 'GitHub'],
  ['x-gitlab-token', 'GitLab'],
  ['x-wc-webhook-signature', 'WooCommerce'],
  ['x-twilio-email-event-webhook-signature', 'SendGrid'],
  ['verif-hash', 'Flutterwave'],
  ['x-cc-webhook-signature', 'Coinbase Commerce'],
  ['x-zm-signature', 'Zoom'],
  ['x-hook-signature', 'Asana'],
]);

/** Such as `stripe-signature`, `x-shopify-hmac-sha256` and `x-hubspot-signature-v3`. */
const withName = /^(?:x-)?([a-z]+)-(?:[a-z0-9]+-)*(?:signature|sig|hmac)(?:-|$)/;

/** The first header that is known to be the signature of some sender. */
export function knownSender(
  headers: Iterable<string>,
): { readonly header: string; readonly sender: string } | undefined {
  for (const header of headers) {
    const word = withName.exec(header)?.[1];
    const sender = senderOf.get(header) ?? named.find((name) => name.toLowerCase() === word);
    if (sender !== undefined) return { header, sender };
  }
  return undefined;
}
