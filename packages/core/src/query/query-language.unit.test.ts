import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { signalResource } from '../signal/api-shape.ts';
import { untriaged } from '../signal/triage.ts';
import { parseQuery } from './parse-query.ts';
import { queryPredicate } from './query-predicate.ts';
import { type SearchedSignal, searchDocument } from './search-document.ts';
import { searchFields } from './search-fields.ts';

const page = readFileSync(new URL('../../../../docs/query-language.md', import.meta.url), 'utf8');
const shown = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '{}') as {
  readonly message: string;
  readonly tags: readonly string[];
  readonly custom: Readonly<Record<string, never>>;
};
const { status: _, title: _title, source: _source, workflow: _workflow, ...attributes } = shown.custom;

const signal: SearchedSignal = {
  id: 's-1',
  org: 'main',
  revision: 1,
  createdAt: Date.UTC(2026, 0, 31, 12),
  firstSeen: Date.UTC(2026, 0, 31, 11),
  lastSeen: Date.UTC(2026, 0, 31, 12),
  count: 3,
  format: 'falco',
  source: 'falco',
  ruleType: 'workload_security',
  rule: { id: 'r-1', name: 'Shell', tags: [] },
  severity: 'high',
  title: 'Shell after failed logins',
  message: shown.message,
  groupBy: [],
  entities: [],
  tags: shown.tags,
  attributes,
  flags: [],
  sourceStatus: 'active',
  late: false,
  windows: { keepAlive: 0, maxDuration: 0 },
  samples: [],
  configVersion: 1,
};

const cells = (line: string): readonly string[] =>
  line
    .split('|')
    .map((cell) => cell.trim())
    .slice(1, -1);
const rows = page.split('\n').filter((line) => line.startsWith('| `'));
const examples = rows.map(cells).filter(([, found]) => found === 'yes' || found === 'no');
const mistakes = rows.map(cells).filter(([, answer]) => answer?.startsWith('Cannot read'));
const text = (cell: string | undefined): string => (cell ?? '').slice(1, -1);

describe('the page on the query language', () => {
  it('shows the signal as the API does', () => {
    expect(signalResource({ ...signal, triage: untriaged }).attributes).toMatchObject(shown);
    expect([examples.length > 60, mistakes.length > 4]).toEqual([true, true]);
  });

  it.each(examples.map(([query, found]) => [text(query), found] as const))('%s: %s', (query, found) => {
    const parsed = parseQuery(query);
    if (!parsed.ok) throw new Error(parsed.problem.message);
    expect(queryPredicate(parsed.query.root)(searchDocument(signal))).toBe(found === 'yes');
  });

  it.each(mistakes.map(([query, answer]) => [text(query), answer] as const))('%s is answered', (query, answer) => {
    expect(parseQuery(query)).toMatchObject({ ok: false, problem: { message: answer } });
  });

  it('lists the declared fields', () => {
    const listed = page
      .slice(page.indexOf('## Fields\n'))
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map(cells);
    const code = (name: string): string => `\`${name}\``;
    const expected = searchFields.map(({ name, aliases = [], label, ranks, type }) => [
      code(name),
      aliases.map(code).join(', '),
      label,
      ranks?.map(code).join(' < ') ?? type,
    ]);
    expect(listed).toEqual(expected);
  });
});
