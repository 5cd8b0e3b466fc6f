import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Ran, type RunSettings, RunningTocsin, runTocsin } from './run-tocsin.ts';
import { at, eventually, Stack } from './stack-harness.ts';

const anna = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const rules = `
sinks: [{ handle: console, type: console }]
rules: [{ name: All, targets: ['@console'] }]
users: [{ uuid: ${anna}, handle: anna, name: Anna }]
`;
const suricata = JSON.stringify({
  timestamp: '2026-01-31T12:00:00.000000+0000',
  event_type: 'alert',
  src_ip: '203.0.113.9',
  dest_ip: '10.0.0.1',
  alert: { gid: 1, signature_id: 9_000_001, rev: 1, signature: 'TEST a scan', severity: 2 },
});

let stack: Stack;
let folder: string;
/** Ids of two signals to deal with. */
let ids: readonly [string, string];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-cli-'));
  stack = await Stack.start({ rules });
  const lines = ['the first', 'the second'].map((title) => JSON.stringify({ title, severity: 'high' })).join('\n');
  const sent = await cli(['detect', 'send', '--format', 'tocsin', '--wait', '-o', 'json'], { input: lines });
  const signals = at(JSON.parse(sent.stdout), 'signals') as readonly unknown[];
  const idOf = (title: string) =>
    String(
      at(
        signals.find((each) => at(each, 'signal', 'attributes', 'custom', 'title') === title),
        'signal',
        'id',
      ),
    );
  ids = [idOf('the first'), idOf('the second')];
}, 120_000);
afterAll(async () => {
  await stack.remove();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (args: readonly string[], settings: RunSettings = {}): Promise<Ran> =>
  runTocsin(args, { data: stack.data, ...settings });
const send = (input: string, ...args: readonly string[]): Promise<Ran> => cli(['detect', 'send', ...args], { input });
const set = (...args: readonly string[]): Promise<Ran> => cli(['signals', 'set', ...args]);
const codes = async (runs: readonly Promise<Ran>[]): Promise<readonly (number | null)[]> =>
  (await Promise.all(runs)).map(({ code }) => code);

describe('tocsin detect send', { timeout: 60_000 }, () => {
  test('takes a file or a pipe, and guesses the format when asked to', async () => {
    const file = join(folder, 'eve.json');
    writeFileSync(file, `${suricata}\n`);
    const named = await cli(['detect', 'send', '--format', 'suricata', file, '-o', 'json']);
    expect(named).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(named.stdout)).toEqual({ accepted: 1, skipped: 0, rejected: [] });
    const guessed = await send(suricata, '--format', 'auto', '-o', 'ndjson');
    expect(guessed.code).toBe(0);
    expect(JSON.parse(guessed.stdout)).toMatchObject({ accepted: 1 });
  });

  test('sends what comes through a pipe as it comes, and counts lines over all of it', async () => {
    const input = '{"title":"from an open pipe"}\n';
    const sending = new RunningTocsin(['detect', 'send', '--format', 'tocsin'], {
      data: stack.data,
      input,
      open: true,
    });
    onTestFinished(() => void sending.child.kill('SIGKILL'));
    await eventually('the signal of a pipe that has not ended', async () => {
      const { body } = await stack.get('/api/v2/security_monitoring/signals?page[limit]=100');
      return JSON.stringify(body).includes('from an open pipe') || undefined;
    });
    sending.child.stdin?.end('{"title":"the last"}\n{"title":');
    const { code, stdout } = await sending.ended();
    expect(stdout).toMatch(/^accepted 2, skipped 0, rejected 1\n {2}line 3: /);
    expect(code).toBe(6);
  });

  test('--wait shows the signal and its deliveries', async () => {
    const { code, stdout } = await send('{"title":"to be waited for"}', '--format', 'tocsin', '--wait');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^accepted 1, skipped 0, rejected 0\nsignal \S+ {2}medium {2}1 detection {2}to be waited for$/m,
    );
    expect(stdout).toMatch(/@console accepted it/);
  });

  test('says with its exit code how much could be read', async () => {
    const mixed = await send('{"title":"good"}\n{"title":', '--format', 'tocsin');
    expect(mixed.code).toBe(6);
    expect(mixed.stdout).toContain('line 2: invalid_json');
    expect(mixed.stderr).toContain('tocsin deadletters list');
    const runs = [
      send('not json', '--format', 'tocsin'),
      send('{}', '--format', 'nagios'),
      send('{}', '--format', 'auto'),
    ];
    expect(await codes([...runs, cli(['detect', 'send', '--format', 'tocsin', join(folder, 'absent')])])).toEqual([
      1, 3, 2, 3,
    ]);
  });
});

describe('tocsin signals', { timeout: 60_000 }, () => {
  test('list prints tables for people, JSON for scripts, ids for other commands', async () => {
    const query = 'status:high source:tocsin';
    const [table, json, ndjson, quiet] = await Promise.all([
      cli(['signals', 'list', query]),
      cli(['signals', 'list', query, '-o', 'json']),
      cli(['signals', 'list', query, '-o', 'ndjson']),
      cli(['signals', 'list', query, '-q']),
    ]);
    expect(table.stdout.split('\n')[0]).toMatch(/^ID +SEVERITY +STATE +COUNT +CREATED +ASSIGNEE +TITLE$/);
    const found = (JSON.parse(json.stdout) as readonly { readonly id: string }[]).map(({ id }) => id);
    expect([...found].sort()).toEqual([...ids].sort());
    expect(
      ndjson.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id),
    ).toEqual(found);
    expect(quiet.stdout.trim().split('\n')).toEqual(found);
  });

  const both = '"the first" OR "the second"';
  test('list takes the whole query language, an order and a stretch of time', async () => {
    const list = (...args: readonly string[]) => cli(['signals', 'list', '-q', ...args]);
    const [all, negated, sorted, before, refused, hinted, twice] = await Promise.all([
      list(both),
      list('--', `-status:critical (${both})`),
      list(both, '--sort', '@title'),
      list(both, '--from', '1h', '--to', 'now-30m'),
      list('(status:high'),
      list('status:urgent'),
      list('--from', '1h', '--since', '1h'),
    ]);
    const lines = (ran: Ran) => ran.stdout.trim().split('\n');
    expect(lines(negated)).toEqual(lines(all));
    expect([...lines(sorted)].sort()).toEqual([...lines(all)].sort());
    expect(before).toMatchObject({ code: 0, stdout: '' });
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/bad_query: .* characters 1 to 12/) as string,
    });
    expect(hinted).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('Hint: status is never') as string,
    });
    expect(twice.code).toBe(2);
  });

  test('facets and count print what a query would find', async () => {
    const [facets, json, total, groups, series] = await Promise.all([
      cli(['signals', 'facets', both, '--facet', 'status,@workflow.triage.state']),
      cli(['signals', 'facets', both, '--facet', 'status', '-o', 'json']),
      cli(['signals', 'count', `status:high (${both})`]),
      cli(['signals', 'count', both, '--by', 'status,source']),
      cli(['signals', 'count', '--by', 'status', '--interval', '1d', '-o', 'json']),
    ]);
    expect(facets.stdout).toMatch(/^FACET +VALUE +COUNT\nstatus +high +2\n/);
    expect(at(JSON.parse(json.stdout), 0, 'attributes', 'values')).toEqual([{ value: 'high', count: 2 }]);
    expect(total).toMatchObject({ code: 0, stdout: '2\n' });
    expect(groups.stdout).toMatch(/^STATUS +SOURCE +COUNT\nhigh +tocsin +2\n$/);
    expect(at(JSON.parse(series.stdout), 'attributes', 'interval')).toBe(86_400_000);
  });

  test('get shows one, with --timeline its story', async () => {
    const [one, story, unknown] = await Promise.all([
      cli(['signals', 'get', ids[0], '-o', 'json']),
      cli(['signals', 'get', ids[0], '--timeline']),
      cli(['signals', 'get', 'nothing']),
    ]);
    expect(JSON.parse(one.stdout)).toMatchObject({ id: ids[0], type: 'signal' });
    expect(story.stdout).toMatch(/Opened with severity high: the first/);
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('signal_not_found');
  });

  test('set triages one or many, and is refused with a code of its own', async () => {
    const [first, second] = ids;
    const taken = await set(first, '--state', 'under_review', '--assign', 'me', '-o', 'json');
    expect(JSON.parse(taken.stdout)).toMatchObject([
      { outcome: 'ok', state: 'under_review', version: '1', exit_code: 0 },
    ]);
    const stale = await set(first, '--state', 'archived', '--version', '0');
    expect(stale.code).toBe(5);
    expect(stale.stderr).toContain('version_conflict');
    const some = await set(first, 'nothing', '--assign', anna);
    expect(some.code).toBe(6);
    expect(some.stderr).toMatch(/1 of 2 were refused[\s\S]*signal_not_found/);
    expect((await set(second, '--state', 'archived', '--reason', 'false_positive', '--comment', 'known')).code).toBe(0);
    expect(await codes([set(second, '--state', 'under_review'), set('nothing', '--unassign'), set(first)])).toEqual([
      5, 3, 2,
    ]);
    const usage = [
      set(first, '--state', 'closed'),
      set(first, '--assign', 'me', '--unassign'),
      set(first, '--assign', '00000000-0000-4000-8000-00000000dead'),
    ];
    expect(await codes(usage)).toEqual([2, 2, 2]);
    expect((await set(first, '--comment', 'looks bad')).code).toBe(0);
  });

  test('tail follows until it is interrupted', async () => {
    const tail = new RunningTocsin(['signals', 'tail', '-o', 'ndjson'], { data: stack.data });
    onTestFinished(() => void tail.child.kill('SIGKILL'));
    // Connected is what the server says first; so repeat until it has been heard.
    const heard = tail.says(/"the latecomer/);
    for (let n = 0; !tail.stdout.includes('latecomer') && n < 100; n += 1) {
      await stack.post('/api/v2/detections/tocsin', { json: { title: 'the latecomer', rule: { id: `late-${n}` } } });
      await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
    await heard;
    const line = tail.stdout.split('\n').find((each) => each.includes('the latecomer'));
    expect(JSON.parse(line ?? '')).toMatchObject({
      type: 'signal.opened',
      summary: expect.stringContaining('latecomer'),
    });
    expect((await tail.interrupt()).code).toBe(130);
  });
});

describe('tocsin audit', { timeout: 60_000 }, () => {
  test('tail shows the newest records, as a table and for scripts', async () => {
    const [table, ndjson] = await Promise.all([
      cli(['audit', 'tail', '-n', '3']),
      cli(['audit', 'tail', '-n', '3', '-o', 'ndjson']),
    ]);
    expect(table.stdout.split('\n')[0]).toMatch(/^SEQ +TIME +WHO +ACTION +ASSET +WHAT$/);
    const records = ndjson.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number });
    expect(records.map(({ seq }) => seq - (records[0]?.seq ?? 0))).toEqual([0, 1, 2]);
  });

  test('verify and replay --diff hold; an export that was tampered with does not', async () => {
    const [verified, compared] = await Promise.all([cli(['audit', 'verify']), cli(['audit', 'replay', '--diff'])]);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok: \d+ records in 1 streams/) });
    expect(compared).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ok: \d+ signals rebuilt .* no difference\n$/),
    });
    const file = join(folder, 'audit.ndjson');
    expect((await cli(['audit', 'export', file])).code).toBe(0);
    const forged = join(folder, 'forged.ndjson');
    writeFileSync(forged, readFileSync(file, 'utf8').replace('the first', 'the f1rst'));
    const [whole, tampered, offline] = await Promise.all([
      cli(['audit', 'verify', file]),
      cli(['audit', 'verify', forged, '-o', 'json']),
      cli(['audit', 'replay', file, '-o', 'json']),
    ]);
    expect(whole.code).toBe(0);
    expect(tampered.code).toBe(7);
    expect(JSON.parse(tampered.stdout)).toMatchObject({ ok: false, firstBad: { stream: 'audit-0', reason: 'edited' } });
    expect(JSON.parse(offline.stdout)).toContainEqual(expect.objectContaining({ id: ids[0] }));
  });

  test('replay --to rebuilds an earlier state', async () => {
    const before = await cli(['audit', 'replay', '--to', '2020-01-01T00:00:00Z', '-o', 'json']);
    expect(JSON.parse(before.stdout)).toEqual([]);
    expect(
      await codes([
        cli(['audit', 'replay', '--to', 'yesterday']),
        cli(['audit', 'replay', '--to', '2020-01-01', '--diff']),
      ]),
    ).toEqual([2, 2]);
  });
});

describe('tocsin deadletters and status', { timeout: 60_000 }, () => {
  test('what could not be read is kept with its bytes, and the balance holds', async () => {
    await send('{"half":', '--format', 'falco');
    const [letters, status] = await Promise.all([cli(['deadletters', 'list', '-o', 'json']), cli(['status'])]);
    const [newest] = JSON.parse(letters.stdout) as readonly { readonly attributes: { readonly bytes: string } }[];
    expect(Buffer.from(newest?.attributes.bytes ?? '', 'base64').toString()).toBe('{"half":');
    expect(status).toMatchObject({ code: 0, stdout: expect.stringMatching(/^balance: accepted \d+ = .*: holds$/m) });
  });
});

describe('tocsin, whoever calls it', { timeout: 60_000 }, () => {
  test('tells what is wrong with the connection', async () => {
    const token = 'toc_0000000000000000000000000000000000000000000';
    const wrong = await cli(['status', '--token', token]);
    expect(wrong).toMatchObject({ code: 4, stderr: expect.stringContaining('unauthorized') });
    const [none, nobody] = await Promise.all([
      runTocsin(['status'], { data: folder }),
      cli(['status', '--url', 'http://127.0.0.1:9']),
    ]);
    expect(none).toMatchObject({ code: 4, stderr: expect.stringContaining('--token') });
    expect(nobody).toMatchObject({ code: 8, stderr: expect.stringContaining('npx tocsin up') });
    const byEnvironment = { env: { TOCSIN_URL: stack.url, TOCSIN_TOKEN: stack.token } };
    expect((await runTocsin(['status', '-o', 'json'], byEnvironment)).code).toBe(0);
  });

  test('helps, and refuses what it does not know', async () => {
    const [help, typo, option] = await Promise.all([
      runTocsin(['--help']),
      runTocsin(['signal', 'list']),
      runTocsin(['signals', 'list', '--colour']),
    ]);
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('Exit codes: 0 ok') });
    expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean signals?') });
    expect(option.code).toBe(2);
  });
});

describe('tocsin up', { timeout: 90_000 }, () => {
  test('leaves a directory that has an owner and a port that is taken alone, and says so', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [owned, taken] = await Promise.all([
      runTocsin(['up', '--data', stack.data, '--port', '0']),
      runTocsin(['up', '--data', join(folder, 'other'), '--port', String(port)]),
    ]);
    expect(owned).toMatchObject({ code: 1, stderr: expect.stringContaining(`process ${stack.pid}`) });
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining(`Port ${port} on 127.0.0.1 is taken`) });
    const bad = await runTocsin(['up', '--data', join(folder, 'other'), '--port', 'eighty']);
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('port') });
  });

  test('ends with 0 within ten seconds of SIGTERM, with somebody still listening', async () => {
    const up = new RunningTocsin(['up', '--data', join(folder, 'short'), '--port', '0', '--log-level', 'warn']);
    onTestFinished(() => void up.child.kill('SIGKILL'));
    const url = (await up.says(/ready at (\S+)/))[1] ?? '';
    const token = readFileSync(join(folder, 'short', 'admin.token'), 'utf8').trim();
    const listening = await fetch(`${url}/api/v2/audit/stream`, { headers: { authorization: `Bearer ${token}` } });
    expect(listening.status).toBe(200);
    const asked = performance.now();
    expect(await up.interrupt('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
    expect(performance.now() - asked).toBeLessThan(10_000);
  });
});
