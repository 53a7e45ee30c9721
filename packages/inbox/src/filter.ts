import type { DeliveryFilter, DeliverySummary } from '@hookproof/core';
import { checkNames, type OptionNames } from '@hookproof/core/strict';
import { invalid } from './options.ts';
import { checkState } from './states.ts';

const filterNames: OptionNames<DeliveryFilter> = {
  name: true,
  owner: true,
  state: true,
  type: true,
  error: true,
  receivedFrom: true,
  receivedBefore: true,
};

/** Checks a filter: a condition that is misspelt would name more than is meant. */
export function checkFilter(filter: DeliveryFilter): DeliveryFilter {
  if (typeof filter !== 'object' || filter === null) throw invalid('give the id of a delivery, or a filter');
  const given = checkNames('a filter', filter, filterNames);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (name === 'state') checkState(value);
    else if (name.startsWith('received')) checkDate(`${name} of a filter`, value);
    else if (typeof value !== 'string') throw invalid(`${name} of a filter must be a text`);
  }
  return given;
}

export function checkDate(what: string, value: unknown): void {
  if (!(value instanceof Date && value.getTime() > 0)) throw invalid(`${what} must be a Date`);
}

/** A condition that came out undefined, by mistake as a rule, would have something done to all. */
export function checkGiven(of: string, conditions: object, fix: string): void {
  for (const [name, value] of Object.entries(conditions)) {
    if (value === undefined) throw invalid(`${name} of ${of} is undefined: ${fix}`);
  }
}

/** Whether a delivery is one of those that a filter names. */
export function fits(delivery: DeliverySummary, filter: DeliveryFilter): boolean {
  const { name, owner, state, type, error, receivedFrom, receivedBefore } = filter;
  return (
    (name === undefined || delivery.name === name) &&
    (owner === undefined || delivery.owner === owner) &&
    (state === undefined || delivery.state === state) &&
    (type === undefined || delivery.type === type) &&
    (error === undefined || delivery.error?.code === error) &&
    (receivedFrom === undefined || delivery.receivedAt >= receivedFrom) &&
    (receivedBefore === undefined || delivery.receivedAt < receivedBefore)
  );
}
