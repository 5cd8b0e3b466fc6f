import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTarget } from '@tocsin/core';
import { checkSinkConfig } from '@tocsin/sinks';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { problemLine, RulesFileError } from './problem.ts';
import { parseRulesFile } from './rules-file.ts';

const linesOf = (text: string): readonly string[] => {
  const file = parseRulesFile(text, checkSinkConfig);
  return file.ok ? [] : file.problems.map((problem) => problemLine('rules.yaml', problem));
};
const example = readFileSync(join(import.meta.dirname, '../../../infra/examples/rules.yaml'), 'utf8');

test('the example file loads', () => {
  const file = parseRulesFile(example, checkSinkConfig);
  expect(file.ok ? [] : file.problems).toEqual([]);
  expect(file.ok && file.objects.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
    'sink console',
    'sink slack-secops',
    'sink webhook-archive',
    'workflow isolate-host',
    'notification_rule everything-to-the-console',
    'notification_rule serious-findings-to-the-team',
    'notification_rule take-attacked-containers-off-the-network',
    'signal_rule suricata-1-2019401',
    'user 6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    'user 0b7c9a52-3f53-4d4e-9a6f-1f4b5f7f2c11',
    'settings settings',
  ]);
});

test('an object is kept as written and as understood', () => {
  const file = parseRulesFile(
    'signal_rules:\n  - rule_id: r\n    keep_alive: 5m\nlock: reopen-only\n',
    checkSinkConfig,
  );
  expect(file.ok && file.objects).toMatchObject([
    { written: { rule_id: 'r', keep_alive: '5m' }, value: { keep_alive: 300_000, max_duration: 86_400_000 } },
    { kind: 'settings', written: { lock: 'reopen-only' }, value: { lock: 'reopen-only', lifecycle: 'documented' } },
  ]);
});

test.each(['', '# nothing\n', 'sinks:\nrules: []\n', '{}'])('%j wants nothing', (text) => {
  expect(parseRulesFile(text, checkSinkConfig)).toEqual({ ok: true, objects: [] });
});

test('all mistakes at once, with their places, in words', () => {
  expect(
    linesOf(`sinks:
  - handle: Console
    type: console
  - handle: slack-secops
    typ: slack
  - handle: slack-secops
    type: slack
    config:
      url: https://hooks.slack.com/services/T000/B000/hunter2
  - handle: pigeon
    type: pigeon
  - handle: hook
    type: webhook
    config: { url: 'https://a.example/', timeout: 5 }
  - handle: workflow-x
    type: console
workflows:
  - handle: contain
    url: https://admin:hunter2@a.example/
    secret: hunter2
  - handle: isolate
    url: https://a.example/
    inputs:
      - { name: host }
      - { name: hours, type: number, default: soon }
      - { name: host }
  - handle: page
    url: ftp://a.example/
    security_trigger: maybe
    inputs: [{ name: 1st, type: text }]
rules:
  - name: One
    selectors: { severities: [high, urgent], severity: low, query: 'env:prod AND' }
    targets: ['@console', '@slack-secop', '@workflow-isolate', 'slack', '@hook(x=1)']
  - name: One
    targets: []
    notify_on: opened
  - name: Two
    targets: ['@workflow-isolat']
  - targets: ['@hook']
  - name: two
    targets: ['@hook']
signal_rules:
  - rule_id: r
    keep_alive: 90s
  - rule_id: s
    keep_alive: 1d
    max_duration: 1h
  - keep_alive: soon
users:
  - { uuid: anna, handle: anna, name: Anna, email: anna }
  - { uuid: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff, handle: ben, name: Ben }
  - { uuid: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff, handle: cleo, name: Cleo, disabled: no }
lifecycle: free
lock: 5
deduplicate_for: -1
alowed_lateness: 1h
`),
  ).toMatchInlineSnapshot(`
    [
      "rules.yaml:2:13: sinks[0].handle: use lower-case letters, digits, ".", "_" and "-", at most 63, beginning with a letter or digit",
      "rules.yaml:4:5: sinks[1].type: is missing: write text",
      "rules.yaml:5:5: sinks[1].typ: is not known here: did you mean type?",
      "rules.yaml:6:13: sinks[2].handle: is the same as of sinks[1]: choose another",
      "rules.yaml:9:12: sinks[2].config.url: a secret is written as env:NAME or file:PATH",
      "rules.yaml:11:11: sinks[3].type: there is no sink type "pigeon"; known: console, slack, webhook, workflow",
      "rules.yaml:14:13: sinks[4].config: holds what is not known here: "timeout"",
      "rules.yaml:15:13: sinks[5].handle: handles that begin with workflow- belong to workflows: choose another",
      "rules.yaml:19:10: workflows[0].url: take user and password out of the URL, because the log keeps it: sign with secret instead",
      "rules.yaml:20:13: workflows[0].secret: a secret is written as a reference, env:NAME or file:PATH, never itself",
      "rules.yaml:25:47: workflows[1].inputs[1].default: input "hours" takes a number, not "soon"",
      "rules.yaml:26:17: workflows[1].inputs[2].name: this workflow has an input of that name already",
      "rules.yaml:28:10: workflows[2].url: write an http or https URL",
      "rules.yaml:29:23: workflows[2].security_trigger: must be true or false",
      "rules.yaml:30:22: workflows[2].inputs[0].name: use letters, digits and "_", at most 64, no digit first",
      "rules.yaml:30:33: workflows[2].inputs[0].type: is not known: choose one of string, number, boolean, object, array",
      "rules.yaml:33:37: rules[0].selectors.severities[1]: is not known: choose one of info, low, medium, high, critical",
      "rules.yaml:33:46: rules[0].selectors.severity: is not known here: there are trigger_source, severities, rule_types, tags, sources, query",
      "rules.yaml:33:68: rules[0].selectors.query: cannot be read at character 13: the query ends, expected is a word, a key:value or a group",
      "rules.yaml:34:15: rules[0].targets[0]: no sink has the handle console: did you mean Console?",
      "rules.yaml:34:27: rules[0].targets[1]: no sink has the handle slack-secop: did you mean slack-secops?",
      "rules.yaml:34:43: rules[0].targets[2]: workflow isolate has no security trigger: set security_trigger: true",
      "rules.yaml:34:64: rules[0].targets[3]: a target begins with @, as in @slack-secops (at character 1)",
      "rules.yaml:34:73: rules[0].targets[4]: only @workflow-… targets take arguments in parentheses (at character 6)",
      "rules.yaml:35:11: rules[1].name: is the same as of rules[0]: choose another",
      "rules.yaml:36:14: rules[1].targets: is empty: write at least one",
      "rules.yaml:37:16: rules[1].notify_on: must be a list",
      "rules.yaml:39:15: rules[2].targets[0]: no workflow has the handle isolat: did you mean isolate?",
      "rules.yaml:40:5: rules[3].name: is missing: write text",
      "rules.yaml:41:5: rules[4]: becomes "two" like rules[2]: give one of them an id of its own",
      "rules.yaml:45:17: signal_rules[0].keep_alive: choose one of 0s, 60s, 300s, 600s, 900s, 1800s, 3600s, 7200s, 10800s, 21600s, 43200s, 86400s",
      "rules.yaml:47:17: signal_rules[1].keep_alive: must lie between evaluation (0s unless given) and max_duration (1d unless given); it is 1h unless given",
      "rules.yaml:49:5: signal_rules[2].rule_id: is missing: write text",
      "rules.yaml:49:17: signal_rules[2].keep_alive: write a length of time as 90s, 5m, 1h or 1d",
      "rules.yaml:51:13: users[0].uuid: write a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
      "rules.yaml:51:52: users[0].email: write an e-mail address",
      "rules.yaml:53:13: users[2].uuid: is the same as of users[1]: choose another",
      "rules.yaml:53:87: users[2].disabled: must be true or false",
      "rules.yaml:54:12: lifecycle: is not known: choose one of documented, any",
      "rules.yaml:55:7: lock: is not known: choose one of all, reopen-only",
      "rules.yaml:56:18: deduplicate_for: must be at least 0",
      "rules.yaml:57:1: alowed_lateness: is not known here: did you mean allowed_lateness?",
    ]
  `);
});

test('a secret that is written out is refused and never repeated', () => {
  const secret = 'hunter2-Zx91';
  const places = [
    `sinks: [{ handle: s, type: slack, config: { url: 'https://hooks.slack.com/${secret}' } }]`,
    `sinks: [{ handle: s, type: slack, config: { token: ${secret}, channel: c } }]`,
    `sinks: [{ handle: s, type: slack, config: { tokn: ${secret} } }]`,
    `sinks: [{ handle: s, type: webhook, config: { url: 'https://a.example/', secret: ${secret} } }]`,
    `sinks: [{ handle: s, type: webhook, config: { url: 'https://u:${secret}@a.example/' } }]`,
    `sinks: [{ handle: s, type: webhook, config: { url: 'https://a.example/', headers: { Authorization: ${secret} } } }]`,
    `sinks: [{ handle: s, type: webhook, config: { url: 'https://a.example/', secret_headers: { X: ${secret} } } }]`,
    `workflows: [{ handle: w, url: 'https://a.example/', secret: ${secret} }]`,
    `workflows: [{ handle: w, url: 'https://u:${secret}@a.example/' }]`,
    `workflows: [{ handle: w, url: 'https://a.example/', secret: { is: ${secret} } }]`,
    `lifecycle: ${secret}`,
    `secret: "${secret}`,
    `  secret: ${secret}\n: ${secret}\n\t- *${secret}`,
  ];
  for (const text of places) {
    const lines = linesOf(text);
    expect(lines, text).not.toEqual([]);
    const error = new RulesFileError('rules.yaml', [...((parse(text) as { problems?: [] }).problems ?? [])]);
    expect(`${lines.join('\n')}${error.message}`, text).not.toContain(secret);
  }
});
const parse = (text: string) => parseRulesFile(text, checkSinkConfig);

test.each([
  ['a: [1, 2', 'rules.yaml:1:9: the indentation does not fit what is above, or a quote or bracket'],
  ['rules: @console\n', 'rules.yaml:1:8: text cannot begin so: put it in quotes (as in "@console")'],
  ['users:\n\t- a\n', 'rules.yaml:2:1: indent with spaces, not with tabs'],
  ['? [a]\n: b\n', 'rules.yaml:1:3: a key must be text'],
  ['users: []\nusers: []\n', 'rules.yaml:2:1: this key is written twice: keep one'],
  ['- a\n- b\n', 'rules.yaml:1:1: must be a group of keys such as sinks, rules and users'],
  ['just text', 'rules.yaml:1:1: must be a group of keys such as sinks, rules and users'],
  ['rules: all\n', 'rules.yaml:1:8: rules: must be a list'],
  ['users:\n  - 5\n', 'rules.yaml:2:5: users[0]: must be a group of keys'],
  ['__proto__: { a: 1 }\n', 'rules.yaml:1:1: __proto__: is not known here'],
])('%j is told where it is', (text, start) => {
  const [line = ''] = linesOf(text);
  expect(line.slice(0, start.length)).toBe(start);
});

test('aliases are fine, floods of them are not', () => {
  const shared =
    'rules:\n  - { name: A, targets: &t ["@c"] }\n  - { name: B, targets: *t }\nsinks: [{ handle: c, type: console }]\n';
  expect(linesOf(shared)).toEqual([]);
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const flood = names.map(
    (name, at) =>
      `${name}: &${name} [${Array(9)
        .fill(at === 0 ? 'x' : `*${names[at - 1]}`)
        .join(',')}]`,
  );
  expect(linesOf(flood.join('\n'))).toEqual(['rules.yaml:1:1: its aliases unfold into far too much: write it out']);
});

test('a mistake in a sink is not told again at the rules that target it', () => {
  const lines = linesOf('sinks: [{ handle: c, type: 5 }]\nrules: [{ name: A, targets: ["@c"] }]\n');
  expect(lines).toEqual(['rules.yaml:1:28: sinks[0].type: must be text']);
});

test('no text makes it throw', () => {
  const fragment = fc.constantFrom(
    'sinks:',
    'rules:',
    '- ',
    '  ',
    '\n',
    'handle: a',
    '@',
    '{',
    '}',
    '[',
    ']',
    ': ',
    '&a ',
    '*a',
    '"',
    '|',
    '!!js ',
    '? ',
    '1e400',
    '<<: ',
    '\t',
    '#',
    '---\n',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(fragment, fc.string({ maxLength: 3 })), { maxLength: 30 }), (parts) => {
      const file = parse(parts.join(''));
      if (!file.ok)
        for (const { line, column, message } of file.problems)
          expect(line * column * message.length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});

test('every target of the example is readable', () => {
  for (const [, target = ''] of example.matchAll(/'(@[^']+)'/g)) expect(parseTarget(target).ok, target).toBe(true);
});
