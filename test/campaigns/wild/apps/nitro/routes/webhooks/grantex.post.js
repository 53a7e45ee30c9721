import { createReceiver, grantex } from '@hookproof/core';
import { optionsOf } from '../../../told.cjs';

const receiver = createReceiver({ provider: grantex(), ...optionsOf('route') });

export default defineEventHandler((event) => receiver.fetch(toWebRequest(event)));
