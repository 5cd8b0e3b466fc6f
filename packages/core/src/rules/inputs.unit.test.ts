import { expect, test } from 'vitest';
import { workflowObject } from '../config/objects.ts';
import { bindInputs } from './inputs.ts';

const contain = workflowObject.parse({
  handle: 'contain',
  url: 'https://automation.example/hooks/contain',
  inputs: [
    { name: 'host' },
    { name: 'level', type: 'number', default: 1, allowed: [1, 2, 3] },
    { name: 'page', type: 'boolean', default: false },
    { name: 'labels', type: 'object', default: { team: 'sec' } },
  ],
});

test('defaults fill what the target does not give', () => {
  expect(bindInputs(contain, { host: 'web-1', level: 3 })).toEqual({
    ok: true,
    inputs: { host: 'web-1', level: 3, page: false, labels: { team: 'sec' } },
  });
});

test('an object is written as JSON text', () => {
  expect(bindInputs(contain, { host: 'web-1', labels: '{"team":"it"}' })).toMatchObject({
    inputs: { labels: { team: 'it' } },
  });
});

test.each([
  [{}, ['input "host" (string) has no default, so the target must give it']],
  [{ host: 5 }, ['input "host" takes a string, not 5']],
  [{ host: 'a', level: 9 }, ['input "level" allows 1, 2, 3, not 9']],
  [{ host: 'a', page: 'yes' }, ['input "page" takes a boolean, not "yes"']],
  [{ host: 'a', labels: 'x' }, ['input "labels" takes an object, not "x"']],
  [
    { hots: 'a', level: true },
    [
      'the workflow has no input "hots"; it has host, level, page, labels',
      'input "host" (string) has no default, so the target must give it',
      'input "level" takes a number, not true',
    ],
  ],
])('%j is refused, everything at once', (given, problems) => {
  expect(bindInputs(contain, given)).toEqual({ ok: false, problems });
});

test('names of the language itself are ordinary names', () => {
  const odd = workflowObject.parse({
    handle: 'odd',
    url: 'https://a.example/',
    inputs: [{ name: 'constructor', default: 'd' }],
  });
  expect(bindInputs(odd, {})).toEqual({ ok: true, inputs: { constructor: 'd' } });
  expect(bindInputs({ inputs: [] }, { a: 1 })).toEqual({ ok: false, problems: ['the workflow has no input "a"'] });
});
