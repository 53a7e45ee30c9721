import { expect, it } from 'vitest';
import { troubleWith } from './trouble.ts';

it('what a driver says is told without the password', () => {
  const store = {
    engine: 'postgres',
    location: '',
    label: 'postgres://h/app',
    passwords: ['S3cret/Pw', 'S3cret%2FPw'],
  };
  const said = new Error('no pg_hba.conf entry for "app:S3cret/Pw" (S3cret%2FPw)');
  const { message } = troubleWith({ ...store, engine: 'postgres' }, said);
  expect(message).toBe('postgres://h/app: PostgreSQL said: no pg_hba.conf entry for "app:***" (***)');
});
