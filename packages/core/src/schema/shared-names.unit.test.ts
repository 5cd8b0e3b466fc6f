import { expect, it } from 'vitest';
import { field, recordOf } from '../field.ts';
import { sharedNames } from './shared-names.ts';

const mood = field.oneOf('Mood', ['calm', 'cross']);

it('defines a name once and uses it from then on', () => {
  const avro = sharedNames(recordOf('Thing', { now: mood, later: field.list(field.optional(mood), { max: 3 }) }), 'in');
  expect(avro.fields).toEqual([
    { name: 'now', type: { type: 'enum', name: 'Mood', symbols: ['calm', 'cross'], namespace: 'in' } },
    { name: 'later', type: { type: 'array', items: ['null', 'in.Mood'] } },
  ]);
});

it('refuses one name for two shapes', () => {
  const other = field.object('Inner', { mood: field.oneOf('Mood', ['calm']) });
  expect(() => sharedNames(recordOf('Thing', { mood, other }), 'in')).toThrow('inside in are called Mood');
});
