import { expect, test } from 'vitest';
import { deadLetterOf } from './dead-letter.ts';
import { notAConfigCommand } from './config/commands.ts';
import { maxNesting, nestsDeeperThan } from './nesting.ts';

const lists = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
const objects = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

test.each([lists, objects])('levels are counted from the outside', (made) => {
  expect(nestsDeeperThan(maxNesting, made(maxNesting))).toBe(false);
  expect(nestsDeeperThan(maxNesting, made(maxNesting + 1))).toBe(true);
  expect(nestsDeeperThan(0, 'text')).toBe(false);
});

test.each([2_000, 500_000])(
  'what nests %i deep stops nobody: it is no command, and its dead letter can be stored',
  (levels) => {
    for (const value of [lists(levels), { type: 'config.put', data: { value: objects(levels) } }]) {
      expect(notAConfigCommand(value)).toContain('deep');
      const record = { topic: 'config-commands', partition: 0, offset: 7, key: '', value, recordedAt: 1 } as const;
      expect(JSON.stringify(deadLetterOf('control', record, 'x'))).toContain('"offset":7');
    }
  },
);
