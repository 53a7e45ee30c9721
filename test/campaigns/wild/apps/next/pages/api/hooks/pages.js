import { grantivaWebhooks } from '@hookproof/express';
import { optionsOf } from '../../../told';

export const config = { api: { bodyParser: false, externalResolver: true } };
export default grantivaWebhooks({ ...optionsOf('Pages Router'), path: '/api/hooks/pages' });
