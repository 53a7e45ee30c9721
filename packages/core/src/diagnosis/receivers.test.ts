import { expect, it } from 'vitest';
import { grantex } from '../providers/grantex.ts';
import { gravv } from '../providers/gravv.ts';
import { otherReceivers, receiversOfOthers, rememberReceiver } from './receivers.ts';

const others = () => otherReceivers([]).map(({ provider, secrets }) => `${provider.name} ${secrets.join()}`);

it('the latest 16 receivers are remembered, each once', () => {
  for (let number = 0; number < 20; number++) rememberReceiver(gravv(), `secret ${number}`);
  expect(others()).toEqual(Array.from({ length: 16 }, (_, index) => `gravv secret ${19 - index}`));
  // A development server that reloads makes the same receiver again and again.
  for (let time = 0; time < 20; time++) rememberReceiver(gravv(), ['secret 4']);
  expect(others()).toHaveLength(16);
  expect(others().slice(0, 2)).toEqual(['gravv secret 4', 'gravv secret 19']);
});

it('the same secret with another provider, or another list, is another receiver', () => {
  rememberReceiver(grantex(), 'one');
  rememberReceiver(gravv(), 'one');
  rememberReceiver(gravv(), ['one', 'two']);
  expect(others().slice(0, 3)).toEqual(['gravv one,two', 'gravv one', 'grantex one']);
});

it('the same provider and secret under another name is another receiver', () => {
  rememberReceiver(grantex(), 'shared', 'tenant-a');
  rememberReceiver(grantex(), 'shared', 'tenant-b');
  expect(
    otherReceivers([])
      .map(({ name }) => name)
      .slice(0, 2),
  ).toEqual(['tenant-b', 'tenant-a']);
});

it('those of other providers are others whatever their secrets', () => {
  rememberReceiver(grantex(), 'of both');
  rememberReceiver(gravv(), 'of both');
  const ofOthers = receiversOfOthers(gravv());
  expect(ofOthers.map(({ secrets }) => secrets)).toContainEqual(['of both']);
  expect(ofOthers.map(({ provider }) => provider.name)).not.toContain('gravv');
});

it('those with the same secrets as the one that asks are no others', () => {
  rememberReceiver(grantex(), 'mine');
  expect(otherReceivers(['mine']).map(({ secrets }) => secrets)).not.toContainEqual(['mine']);
  expect(otherReceivers(['another']).map(({ secrets }) => secrets)).toContainEqual(['mine']);
});
