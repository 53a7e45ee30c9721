import { createReceiver, gravv } from '@hookproof/core';
import { optionsOf } from './told';

const receiver = createReceiver({ provider: gravv(), ...optionsOf('middleware') });

export const config = { matcher: '/hooks/middleware' };
export default function middleware(request) {
  return receiver.fetch(request);
}
