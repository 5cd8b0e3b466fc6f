import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AccessRefused, emptyLedger, type TopicName } from '@tocsin/core';
import { testCommandKeys } from '@tocsin/conformance';
import { EmbeddedLog, openPglite } from '@tocsin/embedded';
import { nodeDigest } from '@tocsin/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { LazyReadModel } from './read-model/opening.ts';
import { type ApiOptions, ApiServer } from './server.ts';

const authorization = 'Bearer right';

interface Rig {
  readonly api: ApiServer;
  readonly log: EmbeddedLog;
  readonly errors: unknown[];
}

/** The API on a log of its own, without any processor. `store`: opens the read model instead. */
function rig({ store, ...more }: Partial<ApiOptions> & { readonly store?: () => Promise<never> } = {}): Rig {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-api-'));
  const log = new EmbeddedLog({ path: join(folder, 'log.db') });
  const errors: unknown[] = [];
  const readModel = new LazyReadModel({
    log,
    digest: nodeDigest,
    dialect: (fresh) =>
      store?.() ?? openPglite({ directory: join(folder, 'read-model'), fresh, onDiscarded: () => {} }),
    onFailure: (error) => errors.push(error),
  });
  const api = new ApiServer({
    log,
    digest: nodeDigest,
    signer: testCommandKeys,
    readModel,
    accepts: (token) => token === 'right',
    health: { live: () => undefined, ready: async () => ({}) },
    metrics: async () => '',
    onTaken: () => {},
    onError: (error) => errors.push(error),
    status: {
      version: '1',
      startedAt: 0,
      ledger: async () => emptyLedger,
      queue: async () => ({ waiting: 0, running: 0 }),
    },
    audit: { exportLines: async function* () {}, verify: async () => ({}), publicKeys: async () => '' },
    ...more,
  });
  onTestFinished(async () => {
    await api.close();
    await readModel.close();
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { api, log, errors };
}

async function recorded(log: EmbeddedLog, topic: TopicName): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  const { signal } = new AbortController();
  for await (const records of log.read({ topics: [topic], from: 'start', follow: false, signal }))
    found.push(...records.map(({ value }) => value));
  return found;
}

/** A POST that has announced its body and not sent all of it. */
async function unfinished(url: string, announced: number): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    `POST /api/v2/detections/tocsin HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: ${announced}\r\n\r\n{`,
  );
  onTestFinished(() => void socket.destroy());
  return socket;
}

const send = (url: string, body: string) =>
  fetch(`${url}/api/v2/detections/tocsin`, { method: 'POST', body, headers: { authorization } });

test('while too much waits to be stored, the intake says so at once, and takes the rest once there is room', async () => {
  const { api, log } = rig({ maxPendingBytes: 1_000_000 });
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  const slow = await unfinished(url, 999_990);
  // The announcement is there once a second request on another connection meets it.
  const refused = await until(async () => {
    const answer = await send(url, '{"title":"no room"}');
    return answer.status === 503 ? answer : undefined;
  });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ errors: [{ code: 'unavailable' }] });
  expect((await send(url, `{"title":"${'x'.repeat(100_000)}"}`)).status).toBe(503);

  const before = (await recorded(log, 'grouped-detections')).length;
  slow.destroy();
  await until(async () => ((await send(url, '{"title":"room"}')).status === 202 ? true : undefined));
  expect((await recorded(log, 'grouped-detections')).length).toBe(before + 1);
});

test('closing answers what is under way, and does not wait for those who never finish', async () => {
  const { api } = rig();
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  const stalled = await unfinished(url, 1_000);
  const finishing = await unfinished(url, 16);
  let answer = '';
  finishing.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  const hungUp = once(stalled, 'close');
  await send(url, '{"title":"both of them are in"}');
  const closed = api.close();
  finishing.write('"title":"ende"}');
  await closed;
  await hungUp;
  expect(answer).toMatch(/^HTTP\/1\.1 202 /);
});

test('closing ends live streams and unused connections at once', async () => {
  const { api } = rig();
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  const stream = await fetch(`${url}/api/v2/security_monitoring/signals/stream`, { headers: { authorization } });
  await send(url, '{"title":"leaves an idle connection"}');
  const ahead = connect(Number(new URL(url).port), '127.0.0.1');
  await once(ahead, 'connect');
  const began = performance.now();
  await Promise.all([api.close(), stream.text()]);
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('a command that is not decided in time is a 202 with the id to ask for', async () => {
  const { api } = rig();
  const answer = await api.app.inject({
    method: 'PATCH',
    url: '/api/v2/security_monitoring/signals/some/state',
    headers: { authorization, 'idempotency-key': 'my-command' },
    payload: '{"data":{"attributes":{"state":"open"}}}',
  });
  expect([answer.statusCode, answer.json()]).toMatchObject([
    202,
    { data: { attributes: { status: 'accepted', command_id: 'my-command' } } },
  ]);
});

test('a flood of refused calls from everywhere fills no log, and none is forgotten', async () => {
  const { api, log } = rig();
  const call = (n: number) => api.app.inject({ url: '/api/v2/status', remoteAddress: `10.0.${n >> 8}.${n & 255}` });
  for (let n = 0; n < 500; n += 1) expect((await call(n)).statusCode).toBe(401);
  for (let n = 0; n < 500; n += 1) await call(1);
  const records = (await recorded(log, 'activity')) as readonly AccessRefused[];
  expect(records).toHaveLength(101);
  expect(records[0]?.data).toMatchObject({ ip: '10.0.0.0', reason: 'no token', count: 1 });
});

test('only detections may be long', async () => {
  const { api } = rig();
  const post = (url: string) =>
    api.app.inject({ method: 'POST', url, headers: { authorization }, payload: ' '.repeat(256 * 1024 + 1) });
  expect((await post('/api/v2/security_monitoring/signals/search')).statusCode).toBe(413);
  expect((await post('/api/v2/detections/tocsin')).statusCode).toBe(400);
});

test('a verification under way serves all who ask meanwhile', async () => {
  let runs = 0;
  const verify = async () => {
    runs += 1;
    return {};
  };
  const { api } = rig({ audit: { exportLines: async function* () {}, verify, publicKeys: async () => '' } });
  const ask = () => api.app.inject({ url: '/api/v2/audit/verify', headers: { authorization } });
  const answers = await Promise.all([ask(), ask()]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect(runs).toBe(1);
  await ask();
  expect(runs).toBe(2);
});

test('a bug is a 500 that tells nothing of its inside; the log of the server gets the whole of it', async () => {
  const { api, errors } = rig({
    audit: {
      exportLines: async function* () {},
      verify: () => Promise.reject(new Error('secret detail')),
      publicKeys: async () => '',
    },
  });
  const answer = await api.app.inject({ url: '/api/v2/audit/verify', headers: { authorization } });
  expect([answer.statusCode, answer.json()]).toMatchObject([500, { errors: [{ code: 'internal' }] }]);
  expect(answer.body).not.toContain('secret detail');
  expect(errors).toMatchObject([{ message: 'secret detail' }]);
});

test('a read model that does not open is a 503 for readers, and nothing to the rest', async () => {
  const { api, errors } = rig({ store: () => Promise.reject(new Error('no room')) });
  const call = (url: string) => api.app.inject({ url, headers: { authorization } });
  for (const path of ['', '/some', '/some/timeline']) {
    const answer = await call(`/api/v2/security_monitoring/signals${path}`);
    expect([answer.statusCode, answer.json()]).toMatchObject([503, { errors: [{ code: 'unavailable' }] }]);
  }
  expect((await call('/api/v2/audit/events')).statusCode).toBe(503);
  expect(errors[0]).toMatchObject({ message: 'no room' });
  expect((await call('/api/v2/deadletters')).statusCode).toBe(200);
});

test('a log that cannot be written is a 503: nobody is told that something was accepted', async () => {
  const { api, log, errors } = rig();
  await log.close();
  const call = () =>
    api.app.inject({
      method: 'POST',
      url: '/api/v2/detections/tocsin',
      headers: { authorization },
      payload: '{"title":"x"}',
    });
  const [answer] = await Promise.all([call(), call(), call()]);
  expect(errors).toHaveLength(1);
  expect([answer.statusCode, answer.headers['retry-after'], answer.json()]).toMatchObject([
    503,
    '1',
    { errors: [{ code: 'unavailable' }] },
  ]);
});

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
}
