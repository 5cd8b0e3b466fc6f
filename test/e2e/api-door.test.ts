import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, Stack } from './stack-harness.ts';

/** Who gets in, what supervisors see, and what becomes of requests that are none. */
let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack?.remove());

const anonymous = { headers: { authorization: '' } };
async function auditRecords(limit = 50): Promise<readonly unknown[]> {
  return at((await stack.get(`/api/v2/audit/events?page[limit]=${limit}`)).body, 'data') as readonly unknown[];
}

describe('without the token', () => {
  test.each([
    ['no token', {}],
    ['another token', { authorization: 'Bearer toc_nonsense' }],
    ['another scheme', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['a wrong key', { 'dd-application-key': 'nonsense' }],
  ])('%s: 401 that says how, on every path but health', async (_, headers) => {
    for (const [method, path] of [
      ['GET', '/api/v2/security_monitoring/signals'],
      ['POST', '/api/v2/detections/tocsin'],
      ['GET', '/api/v2/security_monitoring/signals/stream'],
      ['GET', '/api/v2/audit/export'],
      ['GET', '/metrics'],
      ['GET', '/nowhere'],
      ['GET', '/livezx'],
    ] as const) {
      const answer = await fetch(stack.url + path, { method, headers });
      const body: unknown = await answer.json();
      expect([path, answer.status, body]).toMatchObject([path, 401, { errors: [{ code: 'unauthorized' }] }]);
      expect(at(body, 'errors', 0, 'detail')).toContain('admin.token');
      expect(at(body, 'request_id')).toBe(answer.headers.get('x-request-id'));
    }
  });

  test('the refusal is on record once, however often it is tried; the token is not', async () => {
    const refusals = (await auditRecords()).filter(
      (record) => at(record, 'attributes', 'attributes', 'asset', 'type') === 'request',
    );
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toMatchObject({
      attributes: { attributes: { action: 'refused', network: { client: { ip: '127.0.0.1' } } } },
    });
    expect(JSON.stringify(refusals)).not.toContain('nonsense');
  });

  test('the token is accepted as an application key too', async () => {
    const headers = { authorization: '', 'dd-application-key': stack.token };
    expect((await stack.get('/api/v2/status', { headers })).status).toBe(200);
  });

  test('and as the password of a URL, for senders that can say no more', async () => {
    const credentials = Buffer.from(`falco:${stack.token}`).toString('base64');
    const headers = { authorization: `Basic ${credentials}` };
    expect((await stack.get('/api/v2/status', { headers })).status).toBe(200);
  });
});

describe('supervisors', () => {
  test('ask for health without a token', async () => {
    expect(await stack.get('/livez', anonymous)).toMatchObject({ status: 200, body: { live: true } });
    expect(await stack.get('/readyz?verbose', anonymous)).toMatchObject({ status: 200, body: { ready: true } });
  });
  test('scrape metrics', async () => {
    await stack.post('/api/v2/detections/tocsin', { body: '{"title":"counted"}\nbroken' });
    const { headers, body } = await stack.get('/metrics');
    expect(headers.get('content-type')).toContain('text/plain');
    expect(body).toMatch(/tocsin_intake_lines_total\{[^}]*fate="accepted"[^}]*\} 1\n/);
    expect(body).toMatch(/tocsin_intake_lines_total\{[^}]*fate="rejected"[^}]*\} 1\n/);
    expect(body).toContain('tocsin_event_loop_delay_seconds');
  });
  test('see the balance, what is in the log, and what waits', async () => {
    const { body } = await stack.get('/api/v2/status');
    expect(at(body, 'data', 'attributes')).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+/) as string,
      balance: { accepted: 2, in_signals: 1, dead_letters: 1, unaccounted: 0, holds: true },
      records: { 'grouped-detections': 1, signals: 1, 'intake.dead': 1 },
      deliveries: { waiting: 0, running: 0 },
    });
  });
});

describe('paths', () => {
  test('one that is not there is a 404 that leads on', async () => {
    expect(await stack.get('/api/v2/signal')).toMatchObject({
      status: 404,
      body: {
        errors: [{ code: 'unknown_route', detail: 'There is no GET /api/v2/signal. GET /api/v2 lists what there is.' }],
      },
    });
    expect(await stack.post('/api/v2/security_monitoring/signals', { json: {} })).toMatchObject({
      status: 404,
      body: { errors: [{ detail: expect.stringContaining('answers to GET') as string }] },
    });
    const listed = JSON.stringify((await stack.get('/api/v2')).body);
    for (const path of ['/api/v2/detections/:format', '/api/v2/audit/export', '/livez']) expect(listed).toContain(path);
  });
  test('one that cannot be decoded is a 400 in the usual form', async () => {
    const { status, body } = await stack.get('/api/v2/security_monitoring/signals/%ZZ');
    expect([status, body]).toMatchObject([
      400,
      { errors: [{ code: 'bad_request' }], request_id: expect.any(String) as string },
    ]);
  });
  test('answers are never guessed at by browsers', async () => {
    for (const path of ['/livez', '/api/v2/status', '/nowhere'])
      expect((await stack.get(path)).headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('what is no request', () => {
  /** Everything that the server says to these bytes until it hangs up. */
  async function said(bytes: string): Promise<string> {
    const { hostname, port } = new URL(stack.url);
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.write(bytes);
    await once(socket, 'close');
    return text;
  }
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'bad_request'],
    ['a bad header', 'GET /livez HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n', 400, 'bad_request'],
    [
      'two lengths',
      'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na',
      400,
      'bad_request',
    ],
    ['endless headers', `GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ])('%s is answered in the usual form', async (_, bytes, status, code) => {
    const text = await said(bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const body: unknown = JSON.parse(text.slice(text.indexOf('\r\n\r\n')));
    expect(body).toMatchObject({
      errors: [{ status: String(status), code }],
      request_id: expect.any(String) as string,
    });
  });
  test('a body that ends too soon takes nothing along', async () => {
    const before = (await stack.get('/api/v2/status')).body;
    const { hostname, port } = new URL(stack.url);
    const socket = connect(Number(port), hostname);
    socket.end(
      `POST /api/v2/detections/tocsin HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${stack.token}\r\nContent-Length: 100\r\n\r\n{"title":"half"}`,
    );
    await once(socket.resume(), 'close');
    const after = (await stack.get('/api/v2/status')).body;
    expect(at(after, 'data', 'attributes', 'balance')).toEqual(at(before, 'data', 'attributes', 'balance'));
  });
});

test('nothing of this was worth a warning', () => {
  expect(stack.stderr).toBe('');
});
