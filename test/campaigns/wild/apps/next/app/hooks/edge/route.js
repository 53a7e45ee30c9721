import { createReceiver, gravv } from '@hookproof/core';
import { optionsOf } from '../../../told';

export const runtime = 'edge';
export const POST = createReceiver({ provider: gravv(), ...optionsOf('App Router on the edge') }).fetch;
