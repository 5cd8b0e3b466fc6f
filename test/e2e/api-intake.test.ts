import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, at, type CallOptions, eventually, Stack } from './stack-harness.ts';

/** The table "Input, case by case", through the door of the running program. */
let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack?.remove());

const send = (body: string | Uint8Array, format = 'tocsin', options: CallOptions = {}): Promise<Answer> =>
  stack.post(`/api/v2/detections/${format}`, { body, ...options });
const detection = (title: string, more: object = {}): string => JSON.stringify({ title, ...more });

interface DeadLetter {
  readonly code: string;
  readonly line: number;
  readonly message: string;
  readonly position?: number;
  readonly bytes: string;
}
async function newestDeadLetters(count: number): Promise<readonly DeadLetter[]> {
  const { body } = await stack.get(`/api/v2/deadletters?page[limit]=${count}`);
  return (body as { data: { attributes: DeadLetter }[] }).data.map(({ attributes }) => attributes);
}

/** The signal that a detection with this title opened. */
async function signalTitled(title: string): Promise<Record<string, unknown>> {
  const found = await eventually(`a signal titled ${title}`, async () => {
    const { body } = await stack.get('/api/v2/security_monitoring/signals?page[limit]=1000');
    return (at(body, 'data') as unknown[]).find((signal) => at(signal, 'attributes', 'custom', 'title') === title);
  });
  return at(found, 'attributes', 'custom') as Record<string, unknown>;
}

test('an object, an array and lines are accepted alike; empty lines are ignored', async () => {
  const bodies = [
    detection('one object'),
    `[${detection('array 1')}, ${detection('array 2')}]`,
    `\ufeff${detection('line 1')}\r\n\n   \n${detection('line 2')}\n`,
    JSON.stringify({ title: 'pretty printed' }, null, 2),
  ];
  const answers = await Promise.all(bodies.map((body) => send(body)));
  expect(answers.map(({ status, body }) => [status, body])).toEqual([
    [202, { accepted: 1, skipped: 0, rejected: [] }],
    [202, { accepted: 2, skipped: 0, rejected: [] }],
    [202, { accepted: 2, skipped: 0, rejected: [] }],
    [202, { accepted: 1, skipped: 0, rejected: [] }],
  ]);
});

describe('input that nobody can read is kept with its bytes and a reason, and what stands around it goes through', () => {
  const tooLong = `{"title":"${'x'.repeat(3 * 1024 * 1024)}"}`;
  const cases: readonly (readonly [string, string | Uint8Array, string, number | undefined])[] = [
    ['truncated JSON', '{"title": "half', 'invalid_json', 15],
    ['no JSON at all', 'CEF:0|vendor|product', 'invalid_json', 0],
    ['null', 'null', 'not_an_object', undefined],
    ['a text', '"text"', 'not_an_object', undefined],
    ['a number beyond a double', '{"title":"x","n":1e400}', 'number_out_of_range', 17],
    ['65 levels', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, 'too_deep', undefined],
    ['a line of 3 MiB', tooLong, 'too_large', undefined],
    ['bytes of a lone surrogate', Buffer.from('{"title":"\xed\xa0\x80"}', 'latin1'), 'invalid_utf8', 11],
    ['another format', '{"unknown":1}', 'not_this_format', undefined],
  ];
  test.each(cases)('%s', async (name, line, code, position) => {
    const bytes = Buffer.from(line);
    const body = Buffer.concat([
      Buffer.from(`${detection(`before ${name}`)}\n`),
      bytes,
      Buffer.from(`\n${detection(`behind ${name}`)}`),
    ]);
    const answer = await send(body);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ accepted: 2, skipped: 0, rejected: [{ line: 2, code }] });
    expect(at(answer.body, 'rejected', 0, 'message')).toMatch(/\w+ \w+/);
    const [kept] = await newestDeadLetters(1);
    expect(kept).toMatchObject({ code, line: 2, format: 'tocsin', ...(position !== undefined && { position }) });
    expect(Buffer.from(kept?.bytes ?? '', 'base64').equals(bytes)).toBe(true);
  });
});

test('a request in which nothing could be read is a 400, and its lines are kept all the same', async () => {
  const answer = await send('[1, 2');
  expect(answer).toMatchObject({
    status: 400,
    body: {
      accepted: 0,
      rejected: [
        { line: 1, code: 'not_an_object' },
        { line: 2, code: 'not_an_object' },
        { line: 3, code: 'invalid_json' },
      ],
      errors: [{ status: '400', code: 'nothing_readable' }],
      request_id: answer.headers.get('x-request-id'),
    },
  });
  expect((await newestDeadLetters(3)).map(({ line }) => line)).toEqual([3, 2, 1]);
});

test('an empty body is a 400 that says what to send', async () => {
  for (const body of ['', '\n\n', '[]'])
    expect(await send(body)).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'nothing_readable', detail: expect.stringContaining('send a JSON object') as string }] },
    });
});

test('a body over 32 MiB is a 413, with or without its length; nothing of it is taken', async () => {
  const before = await balance();
  const body = Buffer.alloc(32 * 1024 * 1024 + 1, ' ');
  const streamed = new ReadableStream({
    start(controller) {
      for (let from = 0; from < body.length; from += 1024 * 1024)
        controller.enqueue(body.subarray(from, from + 1024 * 1024));
      controller.close();
    },
  });
  const url = `${stack.url}/api/v2/detections/tocsin`;
  const headers = { authorization: `Bearer ${stack.token}` };
  for (const given of [body, streamed]) {
    const answer = await fetch(url, { method: 'POST', headers, body: given, duplex: 'half' } as RequestInit);
    expect([answer.status, await answer.json()]).toMatchObject([413, { errors: [{ code: 'too_large' }] }]);
  }
  expect(await balance()).toEqual(before);
});

test('a format that nobody knows is a 404 naming the known ones', async () => {
  expect(await send('{}', 'sysl0g')).toMatchObject({
    status: 404,
    body: {
      errors: [
        { code: 'unknown_format', detail: expect.stringMatching(/sysl0g.*alertmanager.*falco.*suricata/) as string },
      ],
    },
  });
  expect((await send('{}', '__proto__')).status).toBe(404);
});

describe('hostile JSON is harmless', () => {
  test('names of the prototype are plain keys', async () => {
    const body =
      '{"title":"proto","attributes":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}';
    expect((await send(body)).status).toBe(202);
    const custom = await signalTitled('proto');
    expect(JSON.stringify(custom.samples)).toContain('__proto__');
    expect((await send(detection('after proto'))).status).toBe(202);
    expect(await signalTitled('after proto')).not.toHaveProperty('polluted');
  });
  test('integers beyond 2^53 are never rounded, duplicate keys are kept', async () => {
    await send('{"title":"big","attributes":{"n":9007199254740993,"twice":"first","twice":"second"}}');
    const custom = await signalTitled('big');
    expect(custom).toMatchObject({ n: '9007199254740993', twice: 'second' });
    expect(JSON.stringify(custom.duplicate_keys)).toContain('first');
  });
  test('NUL and lone surrogates survive, visibly', async () => {
    await send('{"title":"odd text","attributes":{"nul":"a\\u0000b","half":"\\ud800","":"empty key"}}');
    const custom = await signalTitled('odd text');
    expect(custom.nul).toMatch(/^a.+b$/s);
    expect(custom.half).toBeTypeOf('string');
  });
  test('a line of 1 MiB goes through', async () => {
    const long = detection('one mebibyte', { attributes: { filler: '' } });
    const body = long.replace('""', `"${'y'.repeat(1024 * 1024 - long.length)}"`);
    expect(Buffer.byteLength(body)).toBe(1024 * 1024);
    expect(await send(body)).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect((await signalTitled('one mebibyte')).flags).toContain('truncated');
  });
});

test('lines of the format that are no detections are skipped and counted by kind', async () => {
  const flow = '{"timestamp":"2026-01-01T00:00:00.000000+0000","event_type":"flow","src_ip":"10.0.0.1"}';
  const dns = '{"timestamp":"2026-01-01T00:00:00.000000+0000","event_type":"dns","src_ip":"10.0.0.1"}';
  const answer = await send(`${flow}\n${dns}\n${flow}`, 'suricata');
  expect(answer).toMatchObject({ status: 202, body: { accepted: 0, skipped: 3, rejected: [] } });
  expect(Object.values(at(answer.body, 'skipped_by') as object).sort()).toEqual([1, 2]);
});

test.each([
  ['no time', {}, 'time_missing'],
  ['a time that is none', { time: 'yesterday' }, 'time_invalid'],
  ['the year zero', { time: '0000-01-01T00:00:00Z' }, 'time_'],
  ['the last year', { time: '9999-12-31T23:59:59Z' }, 'time_clamped'],
  ['a day ahead', { time: new Date(Date.now() + 86_400_000).toISOString() }, 'time_clamped'],
])('%s: accepted and flagged', async (name, more, flag) => {
  await send(detection(`time: ${name}`, more));
  const { flags, workflow } = await signalTitled(`time: ${name}`);
  expect((flags as string[]).join()).toContain(flag);
  expect(Math.abs(Date.parse(String(at(workflow, 'first_seen'))) - Date.now())).toBeLessThan(6 * 60_000);
});

test('without an id or a name of its rule it gets a derived one, and is flagged', async () => {
  await send(detection('a rule without a name'));
  const custom = await signalTitled('a rule without a name');
  expect(custom.flags).toContain('rule_derived');
  expect(at(custom, 'workflow', 'rule', 'id')).toMatch(/\S/);
});

test('the same again counts once; the same id with another body is another detection', async () => {
  const before = await balance();
  const one = detection('repeated', { id: 'source-1', rule: { id: 'repeat-rule' }, host: 'h' });
  const other = detection('repeated', { id: 'source-1', rule: { id: 'repeat-rule' }, host: 'h', message: 'changed' });
  for (const body of [one, one, `${one}\n${one}`, other]) expect((await send(body)).status).toBe(202);
  const custom = await signalTitled('repeated');
  expect(at(custom, 'workflow', 'events_matched')).toBe(2);
  expect((await balance()).duplicates).toBe((before.duplicates ?? 0) + 3);
});

test('what the source calls resolved updates the signal, and never its triage', async () => {
  const alert = (status: string) =>
    JSON.stringify({
      version: '4',
      status,
      receiver: 'tocsin',
      alerts: [
        {
          status,
          labels: { alertname: 'DiskFull', instance: 'db-1:9100', severity: 'critical' },
          annotations: { summary: 'disk of db-1 is full' },
          startsAt: new Date(Date.now() - 60_000).toISOString(),
          endsAt: status === 'resolved' ? new Date().toISOString() : '0001-01-01T00:00:00Z',
          fingerprint: 'aa11',
        },
      ],
    });
  expect(await send(alert('firing'), 'alertmanager')).toMatchObject({ status: 202, body: { accepted: 1 } });
  expect(await signalTitled('disk of db-1 is full')).toMatchObject({ sourceStatus: 'active' });
  await send(alert('resolved'), 'alertmanager');
  const custom = await eventually('the status of the source', async () => {
    const now = await signalTitled('disk of db-1 is full');
    return now.sourceStatus === 'resolved' ? now : undefined;
  });
  expect(at(custom, 'workflow', 'triage')).toMatchObject({ state: 'open', version: 0 });
});

test('a gzipped body is read like any other, and one that is not what it says is refused', async () => {
  const headers = { 'content-encoding': 'gzip' };
  expect(await send(gzipSync(detection('gzipped')), 'tocsin', { headers })).toMatchObject({
    status: 202,
    body: { accepted: 1 },
  });
  expect(await send(detection('no gzip'), 'tocsin', { headers })).toMatchObject({ status: 400 });
  const bomb = gzipSync(Buffer.alloc(33 * 1024 * 1024, ' '));
  expect(await send(bomb, 'tocsin', { headers })).toMatchObject({ status: 413 });
  expect(await send('x', 'tocsin', { headers: { 'content-encoding': 'zip' } })).toMatchObject({ status: 415 });
});

test('any content type will do', async () => {
  for (const type of ['text/plain', 'application/x-ndjson', 'application/vnd.api+json; charset=utf-8', 'nonsense'])
    expect((await send(detection(`as ${type}`), 'tocsin', { headers: { 'content-type': type } })).status).toBe(202);
});

test('a request of very many lines is refused as a whole, or taken as a whole; the server stays up', async () => {
  const before = await balance();
  for (const body of [Buffer.alloc(8_000_000, '1\n'), Buffer.from(`[${'1,'.repeat(4_000_000)}1]`)])
    expect(await send(body)).toMatchObject({ status: 413, body: { errors: [{ code: 'too_large' }] } });
  expect(await balance()).toEqual(before);
});

async function balance(): Promise<Record<string, number>> {
  return at((await stack.get('/api/v2/status')).body, 'data', 'attributes', 'balance') as Record<string, number>;
}

test('in the end everything is accounted for', async () => {
  expect(await balance()).toMatchObject({ unaccounted: 0, holds: true, dead_letters: 12 });
  expect(stack.stderr).toBe('');
});
