import { expect, test } from 'vitest';
import { addressOf, isUnavailable, PostgresUnavailable } from './postgres-trouble.ts';

const failure = (code: string | undefined, message: string) => Object.assign(new Error(message), code && { code });
const lineOf = (cause: unknown) => new PostgresUnavailable('postgres://db:5432/tocsin', cause).message;

test('what is wrong is one line with what to do, and no secret', () => {
  expect(lineOf(failure('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:5432'))).toBe(
    'PostgreSQL at postgres://db:5432/tocsin: connect ECONNREFUSED 10.0.0.1:5432; nobody listens there: start it, or correct host and port in the URL',
  );
  expect(lineOf(failure('28P01', 'password authentication failed'))).toMatch(/refused the password: correct it/);
  expect(lineOf(failure('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate'))).toMatch(/sslrootcert=FILE/);
  expect(lineOf(new AggregateError([failure('ENOTFOUND', 'getaddrinfo ENOTFOUND db')]))).toMatch(/check the host/);
  expect(lineOf(failure(undefined, 'Connection terminated unexpectedly\n    at Client'))).not.toContain('\n');
  expect(lineOf(failure(undefined, 'cannot reach postgres://me:guess-me@db'))).not.toContain('guess-me');
  expect(addressOf('postgres://me:guess-me@db:5432/tocsin?sslmode=require')).toBe('postgres://db:5432/tocsin');
});

test('the code is always a SQLSTATE, so that readers can be told to come again', () => {
  for (const [code, state] of [
    ['ECONNREFUSED', '08006'],
    ['EPIPE', '08006'],
    [undefined, '08006'],
    ['57P01', '57P01'],
    ['3D000', '3D000'],
  ] as const)
    expect(new PostgresUnavailable('x', failure(code, 'x')).code).toBe(state);
});

test('an answer about a query is not the lack of one', () => {
  for (const code of ['23505', '42601', '22P02', '40001']) expect(isUnavailable(failure(code, 'x'))).toBe(false);
  for (const code of ['ECONNRESET', '57P01', '53300', undefined]) expect(isUnavailable(failure(code, 'x'))).toBe(true);
});
