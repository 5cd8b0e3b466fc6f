import {
  keyNamed,
  type PatternPiece,
  searchFields,
  severities,
  signalStates,
  valueOfPattern,
  valueOfText,
} from '@tocsin/core';
import fc from 'fast-check';
import { attributeKeys, tagKeys, texts, words } from './searched-signals.ts';

const keys = fc.constantFrom(
  ...attributeKeys.map((key) => `@${key}`),
  ...tagKeys,
  ...searchFields.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
  '@nothing',
  '@odd key\u0000',
  'odd',
);
const ranked = new Set(searchFields.flatMap(({ name, aliases = [], ranks }) => (ranks ? [name, ...aliases] : [])));
const texty = [...texts, ...severities, ...signalStates, 'falco', 'Workload Security', 'workload_security', 'r-1'];
const text = fc.constantFrom(...texty);
const operator = fc.constantFrom('>', '>=', '<', '<=');
const number = fc.constantFrom('0', '1', '5', '100', '99.5', '-5', '1e21', '1e-400', '2');

/** A text with a stretch of it replaced by a star, or a character by `?`. */
const pattern = (from: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(from, fc.nat(8), fc.nat(8), fc.constantFrom('*' as const, '?' as const)).map(([whole, a, b, wild]) => {
    const all = [...whole];
    const start = Math.min(a, b, all.length);
    const end = wild === '?' ? start + 1 : Math.max(a, b);
    const pieces: readonly PatternPiece[] = [
      { literal: all.slice(0, start).join('') },
      { wild },
      { literal: all.slice(end).join('') },
    ];
    return valueOfPattern(pieces).raw;
  });

const value: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: text.map((given) => valueOfText(given).raw) },
  { weight: 2, arbitrary: pattern(text) },
  { weight: 1, arbitrary: fc.constant('*') },
);
const listed: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom('', '', '-', 'NOT '), value), { minLength: 1, maxLength: 3 })
  .chain((items) =>
    fc.constantFrom(' OR ', ' OR ', ' AND ', ' ').map((join) => `(${items.map((item) => item.join('')).join(join)})`),
  );
const numeric: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(operator, number).map((parts) => parts.join('')),
  fc.tuple(fc.oneof(number, fc.constant('*')), fc.oneof(number, fc.constant('*'))).map(([a, b]) => `[${a} TO ${b}]`),
);
const comparedBy = (key: string): fc.Arbitrary<string> => {
  if (!ranked.has(key)) return numeric;
  const ranks = searchFields.find(({ name, aliases = [] }) => [name, ...aliases].includes(key))?.ranks ?? [];
  return fc.tuple(operator, fc.constantFrom(...ranks)).map((parts) => parts.join(''));
};

const keyed = keys.chain((key) =>
  fc
    .oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: listed }, { weight: 2, arbitrary: comparedBy(key) })
    .map((given) => `${keyNamed(key).raw}:${given}`),
);
const timed = fc
  .tuple(
    fc.constantFrom('timestamp', '@workflow.first_seen'),
    operator,
    fc.constantFrom('2026-01-31', '2026-01-31T12:00:00Z'),
  )
  .map(([key, sign, time]) => `${key}:${sign}${time}`);
const cidr = fc
  .tuple(
    fc.constantFrom('@network.client.ip', '@list', 'env', '@n'),
    fc.array(fc.constantFrom('10.0.0.0/8', '192.168.0.0/23', 'fe80::/10', '10.1.2.3', '::/0', '0.0.0.0/0'), {
      minLength: 1,
      maxLength: 2,
    }),
  )
  .map(([key, blocks]) => `CIDR(${[key, ...blocks].join(', ')})`);
const word = fc.constantFrom(...words, 'failed', 'web', 'bob', 'a_', '10.1');
const free = fc.oneof(
  word.map((given) => valueOfText(given).raw),
  fc.tuple(word, word).map((two) => `"${two.join(' ')}"`),
  pattern(word).filter((given) => /[a-z?]/i.test(given)),
  fc.constant('*'),
);
const everywhere = fc.oneof(free, fc.constantFrom('alice', 'BOB', 'prod', 'b*b', 'env')).map((given) => `*:${given}`);

/** The text of a query that parses, over the keys and values of `searchedSignal`. */
export const randomQuery: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    { weight: 6, arbitrary: keyed },
    { weight: 2, arbitrary: free },
    { weight: 1, arbitrary: fc.oneof(timed, cidr, everywhere) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(tie('node'), fc.constantFrom(' ', ' AND ', ' OR '), tie('node'))
        .map(([a, join, b]) => `${a}${join}${b}`),
    },
    { weight: 2, arbitrary: tie('node').map((inner) => `-(${inner})`) },
    { weight: 1, arbitrary: tie('node').map((inner) => `NOT (${inner})`) },
  ),
})).node;
