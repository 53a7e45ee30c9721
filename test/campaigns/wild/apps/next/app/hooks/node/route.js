import { createReceiver, grantex } from '@hookproof/core';
import { optionsOf } from '../../../told';

export const POST = createReceiver({ provider: grantex(), ...optionsOf('App Router on Node') }).fetch;
