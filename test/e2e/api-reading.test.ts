import { verifyExport } from '@tocsin/audit';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ServerEvents } from './server-events.ts';
import { at, eventually, Stack } from './stack-harness.ts';

/** Lists, timelines, the audit trail and live streams, as clients read them. */
const base = '/api/v2/security_monitoring/signals';
let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack?.remove());

interface Listed {
  readonly id: string;
  readonly attributes: {
    readonly timestamp: string;
    readonly tags: readonly string[];
    readonly custom: Readonly<Record<string, unknown>>;
  };
}
interface Page {
  readonly data: readonly Listed[];
  readonly meta?: { readonly page?: { readonly after?: string } };
}

const send = (...detections: readonly object[]) => stack.post('/api/v2/detections/tocsin', { json: detections });
async function list(query: Readonly<Record<string, string | number>> = {}): Promise<Page> {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const { status, body } = await stack.get(`${base}?${search}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as Page;
}
const titles = ({ data }: Page) => data.map(({ attributes }) => attributes.custom.title);
const triage = (id: string, state: string) =>
  stack.patch(`${base}/${id}/state`, { json: { data: { attributes: { state } } } });

describe('lists', () => {
  test('what was accepted is there at once, in the documented shape', async () => {
    await send({ title: 'shape', severity: 'high', host: 'web-1', tags: ['env:prod'], rule: { id: 'r1', name: 'R1' } });
    const [signal] = (await list({ 'filter[query]': '@workflow.rule.id:r1' })).data;
    expect(signal).toMatchObject({
      type: 'signal',
      attributes: {
        message: 'shape',
        custom: {
          status: 'high',
          severity: 3,
          source: 'tocsin',
          host: 'web-1',
          workflow: { events_matched: 1, rule: { id: 'r1', name: 'R1' }, triage: { state: 'open', version: 0 } },
        },
      },
    });
    expect(signal?.attributes.tags).toContain('env:prod');
    expect(Math.abs(Date.parse(signal?.attributes.timestamp ?? '') - Date.now())).toBeLessThan(30_000);
    expect((await stack.get(`${base}/${signal?.id}`)).body).toMatchObject({ data: { id: signal?.id } });
  });

  test('a query narrows by severity, state, source, rule and tags; search by POST does the same', async () => {
    await send(
      ...['low', 'critical', 'info'].map((severity) => ({
        title: `q-${severity}`,
        severity,
        source: 'query-test',
        tags: [`team:${severity}`],
        rule: { id: `q-${severity}` },
      })),
    );
    const found = async (text: string) => titles(await list({ 'filter[query]': `source:query-test ${text}` })).sort();
    expect(await found('')).toEqual(['q-critical', 'q-info', 'q-low']);
    expect(await found('status:critical')).toEqual(['q-critical']);
    expect(await found('status:(low OR info)')).toEqual(['q-info', 'q-low']);
    expect(await found('team:low')).toEqual(['q-low']);
    const [low] = (await list({ 'filter[query]': 'team:low' })).data;
    await triage(low?.id ?? '', 'archived');
    expect(await found('@workflow.triage.state:open')).toEqual(['q-critical', 'q-info']);
    expect(await found('-status:critical (team:info OR q\\-low)')).toEqual(['q-info', 'q-low']);
    expect(await found('"q critical"')).toEqual(['q-critical']);
    const sorted = await list({ 'filter[query]': 'source:query-test', sort: '-status' });
    expect(titles(sorted)).toEqual(['q-critical', 'q-low', 'q-info']);
    const searched = await stack.post(`${base}/search`, {
      json: { filter: { query: 'source:query-test status:low', from: 'now-1h', to: 'now' }, sort: 'timestamp' },
    });
    expect(titles(searched.body as Page)).toEqual(['q-low']);
  });

  test.each([
    ['filter[query]', 'status:', /character 8.*a value after status:/],
    ['filter[query]', 'a OR', /character 5/],
    ['filter[query]', '(a', /characters 1 to 2.*closing/],
    ['filter[from]', 'yesterday', /from is not a time/],
    ['filter[from]', '9'.repeat(30), /from is not a time/],
    ['filter[to]', `now-${'9'.repeat(30)}w`, /to is not a time/],
    ['page[limit]', '0', /page\[limit\]/],
    ['page[limit]', '1001', /page\[limit\]/],
    ['page[cursor]', 'nonsense', /cursor/],
    ['page[cursor]', Buffer.from('["1; DROP TABLE signals","x"]').toString('base64url'), /cursor/],
    ['sort', '@nope', /sort by "@nope"/],
  ])('%s=%s is a 400 that says what is wrong', async (name, value, reason) => {
    const { status, body } = await stack.get(`${base}?${new URLSearchParams([[name, value]])}`);
    expect(status).toBe(400);
    expect(at(body, 'errors', 0, 'detail')).toMatch(reason);
  });

  test('an id that none can be is a refusal, not a failure', async () => {
    expect((await stack.get(`${base}/%00`)).status).toBe(400);
    for (const id of ['é', '..%2f..', 'a'.repeat(256), "';--"])
      expect((await stack.get(`${base}/${id}`)).status).toBe(404);
  });

  test('pages show every signal once while others come in', async () => {
    const rules = Array.from({ length: 25 }, (_, n) => ({ title: `p${n}`, source: 'paging', rule: { id: `p${n}` } }));
    await send(...rules);
    for (const sort of ['timestamp', '-timestamp']) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({
          'filter[query]': 'source:paging',
          'page[limit]': 7,
          sort,
          ...(cursor && { 'page[cursor]': cursor }),
        });
        seen.push(...page.data.map(({ id }) => id));
        cursor = page.meta?.page?.after;
        await send({ title: 'intruder', source: 'paging-not', rule: { id: `intruder-${sort}-${seen.length}` } });
        if (sort === '-timestamp')
          await send({ title: 'newer', source: 'paging', rule: { id: `newer-${seen.length}` } });
      } while (cursor);
      expect(seen).toHaveLength(25);
      expect(new Set(seen).size).toBe(25);
    }
  });
});

test('related signals come with the reasons', async () => {
  await send(
    { title: 'rel 1', host: 'rel-host', rule: { id: 'rel-a' } },
    { title: 'rel 2', host: 'rel-host', rule: { id: 'rel-b' } },
    { title: 'rel 3', host: 'rel-other', rule: { id: 'rel-a' } },
    { title: 'rel 4', host: 'rel-other', rule: { id: 'rel-b' } },
  );
  const [one] = (await list({ 'filter[query]': '"rel 1"' })).data;
  const { body } = await stack.get(`${base}/${one?.id}/related`);
  const found = (at(body, 'data') as readonly unknown[]).map((each) => [
    at(each, 'attributes', 'custom', 'title'),
    at(each, 'meta', 'relations', 0, 'reason'),
  ]);
  expect(Object.fromEntries(found)).toEqual({ 'rel 2': 'shared_entities', 'rel 3': 'same_rule' });
  const before = await stack.get(`${base}/${one?.id}/related?filter[to]=now-1h`);
  expect(at(before.body, 'data')).toEqual([]);
  expect((await stack.get(`${base}/nothing/related`)).status).toBe(404);
});

test('dead letters come in pages too, newest first', async () => {
  for (let n = 0; n < 5; n += 1) await stack.post('/api/v2/detections/tocsin', { body: `broken ${n}` });
  const seen: string[] = [];
  let cursor = '';
  do {
    const { body } = await stack.get(`/api/v2/deadletters?page[limit]=2${cursor && `&page[cursor]=${cursor}`}`);
    for (const letter of at(body, 'data') as unknown[])
      seen.push(Buffer.from(String(at(letter, 'attributes', 'bytes')), 'base64').toString());
    cursor = String(at(body, 'meta', 'page', 'after') ?? '');
  } while (cursor);
  expect(seen).toEqual(['broken 4', 'broken 3', 'broken 2', 'broken 1', 'broken 0']);
});

describe('live streams', () => {
  const follow = async (path: string, last?: string) => {
    const headers = { authorization: `Bearer ${stack.token}`, ...(last !== undefined && { 'last-event-id': last }) };
    const stream = await ServerEvents.open(stack.url + path, headers);
    onTestFinished(() => stream.close());
    return stream;
  };
  const titled = (title: string) => (event: { readonly data: unknown }) =>
    at(event.data, 'data', 'title') === title && at(event.data, 'type') === 'signal.opened';

  test('show signals as they are opened and triaged, with a line of summary', async () => {
    const stream = await follow(`${base}/stream`);
    await send({ title: 'live 1', rule: { id: 'live-1' } });
    const opened = (await stream.until(titled('live 1'))).at(-1);
    expect(opened?.data).toMatchObject({ type: 'signal.opened', summary: expect.any(String) as string });
    const id = String(at(opened?.data, 'signal_id'));
    await triage(id, 'archived');
    const [archived] = (await stream.until(({ data }) => at(data, 'signal_id') === id)).slice(-1);
    expect(archived?.data).toMatchObject({ by: { name: 'Administrator' }, data: { after: { state: 'archived' } } });
  });

  test('a client that comes back gets exactly what it missed, over a kill of the server too', async () => {
    const first = await follow(`${base}/stream`);
    await send({ title: 'gap 0', rule: { id: 'gap-0' } });
    const last = (await first.until(titled('gap 0'))).at(-1)?.id;
    first.close();
    for (let n = 1; n <= 10; n += 1) await send({ title: `gap ${n}`, rule: { id: `gap-${n}` } });
    await stack.restart('kill');
    const second = await follow(`${base}/stream`, last);
    await send({ title: 'gap end', rule: { id: 'gap-end' } });
    const missed = await second.until(titled('gap end'));
    const wanted = [...Array.from({ length: 10 }, (_, n) => `gap ${n + 1}`), 'gap end'];
    expect(
      missed.filter(({ data }) => at(data, 'type') === 'signal.opened').map(({ data }) => at(data, 'data', 'title')),
    ).toEqual(wanted);
    expect(new Set(missed.map(({ data }) => at(data, 'id'))).size).toBe(missed.length);
  });

  test('a Last-Event-ID that is none of this stream is refused', async () => {
    for (const last of ['nonsense', 'audit/0=1'])
      expect(await stack.get(`${base}/stream`, { headers: { 'last-event-id': last } })).toMatchObject({
        status: 400,
        body: { errors: [{ code: 'bad_cursor' }] },
      });
  });

  test('the audit stream carries each record with its hash', async () => {
    const stream = await follow('/api/v2/audit/stream');
    await send({ title: 'audited', rule: { id: 'audited' } });
    const records = await stream.until(
      ({ data }) => at(data, 'attributes', 'attributes', 'asset', 'type') === 'security_signal',
    );
    for (const { data } of records) expect(at(data, 'hash')).toMatch(/^[0-9a-f]{64}$/);
    const numbers = records.map(({ data }) => Number(at(data, 'seq')));
    expect(numbers).toEqual(numbers.map((_, n) => (numbers[0] ?? 0) + n));
  });

  test('end in good order when the server is asked to stop', async () => {
    const stream = await follow(`${base}/stream`);
    const ended = stream.ended();
    const started = Date.now();
    expect(await stack.stop()).toBe(0);
    expect(Date.now() - started, 'ms').toBeLessThan(10_000);
    expect(await ended).toBe(true);
    await stack.resume();
  });
});

describe('the audit trail', () => {
  test('lists newest first, in pages, and reading it is on record', async () => {
    await stack.get('/api/v2/audit/events?page[limit]=1', { headers: { 'user-agent': 'auditor/7' } });
    const { body } = await stack.get('/api/v2/audit/events?page[limit]=5');
    const records = at(body, 'data') as unknown[];
    expect(records).toHaveLength(5);
    const numbers = records.map((record) => Number(at(record, 'seq')));
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
    const agents = records.map((record) => at(record, 'attributes', 'attributes', 'http', 'useragent'));
    expect(agents).toContain('auditor/7');
    const next = await stack.get(
      `/api/v2/audit/events?page[limit]=5&page[cursor]=${at(body, 'meta', 'page', 'after')}`,
    );
    expect(Number(at(next.body, 'data', 0, 'seq'))).toBe(Math.min(...numbers) - 1);
  });

  test('an export verifies offline with the public key, and not once a byte of it is changed', async () => {
    const text = String((await stack.get('/api/v2/audit/export')).body);
    const publicKey = String((await stack.get('/api/v2/audit/key')).body);
    expect(publicKey).toContain('BEGIN PUBLIC KEY');
    const verify = (exported: string) => verifyExport(lines(exported), { publicKey });
    expect(await verify(text)).toMatchObject({ ok: true });
    const changed = text.replace('Administrator', 'administrator');
    expect(changed).not.toBe(text);
    expect(await verify(changed)).toMatchObject({ ok: false });
  });

  test('the server verifies its own chain where it is', async () => {
    const found = at((await stack.get('/api/v2/audit/verify')).body, 'data', 'attributes');
    expect(found).toMatchObject({ ok: true, signatures: 'verified' });
  });
});

async function* lines(text: string): AsyncIterable<string> {
  yield text;
}

test('in the end everything is accounted for', async () => {
  const balance = await eventually('a balance that holds', async () => {
    const found = at((await stack.get('/api/v2/status')).body, 'data', 'attributes', 'balance');
    return at(found, 'holds') ? found : undefined;
  });
  expect(balance).toMatchObject({ unaccounted: 0, dead_letters: 5 });
  expect(stack.stderr).toBe('');
});
