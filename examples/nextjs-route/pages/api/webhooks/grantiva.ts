import { grantivaWebhooks } from '@hookproof/express';
import { blockedDevices } from '../../../blocked-devices.ts';

// Next.js must not parse the body: the signature is over its bytes.
export const config = { api: { bodyParser: false } };

export default grantivaWebhooks({
  path: '/api/webhooks/grantiva',
  secret: () => process.env.GRANTIVA_SECRET ?? '',
  on: { 'device.high_risk': ({ data }) => blockedDevices.add(data.device_id) },
});
