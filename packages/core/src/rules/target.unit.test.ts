import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTarget } from './target.ts';

const workflow = (handle: string, args: Record<string, unknown> = {}) => ({
  ok: true,
  kind: 'workflow',
  handle,
  arguments: args,
});
const refused = (message: string, position: number) => ({ ok: false, message, position });

test.each([
  ['@slack-secops', { ok: true, kind: 'sink', handle: 'slack-secops' }],
  ['@console', { ok: true, kind: 'sink', handle: 'console' }],
  ['@a.b_c-1', { ok: true, kind: 'sink', handle: 'a.b_c-1' }],
  ['@workflow', { ok: true, kind: 'sink', handle: 'workflow' }],
  ['@workflow-contain', workflow('contain')],
  ['@workflow-contain()', workflow('contain')],
  ['@workflow-contain( )', workflow('contain')],
  ['@workflow-contain(k="v", n=1, b=true)', workflow('contain', { k: 'v', n: 1, b: true })],
  ['@workflow-w( a = -1.5e3 ,b=false)', workflow('w', { a: -1500, b: false })],
  ['@workflow-w(q="a \\"b\\" \\\\ (c), d=1\\n\\t")', workflow('w', { q: 'a "b" \\ (c), d=1\n\t' })],
  ['@workflow-w(big="9007199254740993")', workflow('w', { big: '9007199254740993' })],
  ['@workflow-w(constructor=1)', workflow('w', { constructor: 1 })],
])('%s is read', (text, expected) => {
  expect(parseTarget(text)).toEqual(expected);
});

test.each([
  ['', refused('a target begins with @, as in @slack-secops', 0)],
  ['slack-secops', refused('a target begins with @, as in @slack-secops', 0)],
  ['@', refused('after @ comes a handle of lower-case letters, digits, ".", "_" and "-"', 1)],
  ['@Slack', refused('after @ comes a handle of lower-case letters, digits, ".", "_" and "-"', 1)],
  ['@slack-SecOps', refused('"S" cannot stand here', 7)],
  ['@slack-secops(k="v")', refused('only @workflow-… targets take arguments in parentheses', 13)],
  ['@slack-secops @console', refused('a target has no spaces around it; write one target an entry', 13)],
  ['@workflow-', refused('the handle of the workflow is missing, as in @workflow-contain', 10)],
  ['@workflow-w(', refused('the name of an input is expected', 12)],
  ['@workflow-w(k)', refused('"=" is expected', 13)],
  ['@workflow-w(k=)', refused('a value is expected: "text", a number, true or false', 14)],
  ['@workflow-w(k=v)', refused('write text in double quotes; only numbers, true and false go without', 14)],
  ['@workflow-w(k=01)', refused('write text in double quotes; only numbers, true and false go without', 14)],
  ['@workflow-w(k="v', refused('the closing double quote is missing', 14)],
  ['@workflow-w(k="\\x")', refused('after \\ comes one of " \\ n t', 16)],
  ['@workflow-w(k=1', refused('")" is expected, but the target ends', 15)],
  ['@workflow-w(k=1,)', refused('the name of an input is expected', 16)],
  ['@workflow-w(k=1, k=2)', refused('"k" is given twice', 17)],
  ['@workflow-w(k=1)x', refused('"x" cannot stand here', 16)],
  ['@workflow-w(k=9007199254740993)', refused(expect.stringContaining('too large') as unknown as string, 14)],
  ['@workflow-w(k=1e400)', refused(expect.stringContaining('too large') as unknown as string, 14)],
])('%s is refused with its place', (text, expected) => {
  expect(parseTarget(text)).toEqual(expected);
});

test('arguments survive being written out, and arbitrary text never throws', () => {
  const value = fc.oneof(
    fc.string().map((text) => text.replace(/[^\P{Cc}\n\t]/gu, '')),
    fc.integer(),
    fc.boolean(),
  );
  const args = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), value, { noNullPrototype: true });
  fc.assert(
    fc.property(args, (written) => {
      const text = Object.entries(written).map(([name, given]) => `${name}=${JSON.stringify(given)}`);
      expect(parseTarget(`@workflow-w(${text.join(', ')})`)).toEqual(workflow('w', written));
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const target of [text, `@${text}`, `@workflow-w(${text}`]) parseTarget(target);
    }),
  );
});
