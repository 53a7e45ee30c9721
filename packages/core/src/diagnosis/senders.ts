/** Headers by which well-known senders are told, from their own documentation. The first word of a list is the name. */
const senders: readonly (readonly [sender: string, ...headers: string[]])[] = [
  ['Grantiva', 'x-grantiva-signature'],
  ['Grantex', 'x-grantex-signature-v2', 'x-grantex-signature'],
  ['Gravv', 'x-gravv-signature'],
  ['Standard Webhooks', 'webhook-signature', 'svix-signature'],
  ['Stripe', 'stripe-signature'],
  ['GitHub', 'x-hub-signature-256', 'x-hub-signature'],
  ['GitLab', 'x-gitlab-token'],
  ['Slack', 'x-slack-signature'],
  ['Shopify', 'x-shopify-hmac-sha256'],
  ['WooCommerce', 'x-wc-webhook-signature'],
  ['Twilio', 'x-twilio-signature'],
  ['SendGrid', 'x-twilio-email-event-webhook-signature'],
  ['Paddle', 'paddle-signature'],
  ['PayPal', 'paypal-transmission-sig'],
  ['Square', 'x-square-hmacsha256-signature', 'x-square-signature'],
  ['Paystack', 'x-paystack-signature'],
  ['Flutterwave', 'verif-hash', 'flutterwave-signature'],
  ['Razorpay', 'x-razorpay-signature'],
  ['Coinbase Commerce', 'x-cc-webhook-signature'],
  ['Linear', 'linear-signature'],
  ['Zoom', 'x-zm-signature'],
  ['Zendesk', 'x-zendesk-webhook-signature'],
  ['HubSpot', 'x-hubspot-signature-v3', 'x-hubspot-signature'],
  ['Typeform', 'typeform-signature'],
  ['Calendly', 'calendly-webhook-signature'],
  ['DocuSign', 'x-docusign-signature-1'],
  ['PagerDuty', 'x-pagerduty-signature'],
  ['Sentry', 'sentry-hook-signature'],
  ['Vercel', 'x-vercel-signature'],
  ['WorkOS', 'workos-signature'],
  ['Notion', 'x-notion-signature'],
  ['Asana', 'x-hook-signature'],
  ['Dropbox', 'x-dropbox-signature'],
  ['LINE', 'x-line-signature'],
];

const senderOf = new Map(senders.flatMap(([sender, ...headers]) => headers.map((header) => [header, sender] as const)));

/** The first header that is known to be the signature of some sender. */
export function knownSender(
  headers: Iterable<string>,
): { readonly header: string; readonly sender: string } | undefined {
  for (const header of headers) {
    const sender = senderOf.get(header);
    if (sender !== undefined) return { header, sender };
  }
  return undefined;
}
