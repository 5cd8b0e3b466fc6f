import { afterEach, beforeEach, expect, test } from 'vitest';
import { Health } from './health.ts';
import { Metrics } from './metrics.ts';
import { OperationsServer } from './operations-server.ts';

let health: Health;
let server: OperationsServer;
let url: string;
beforeEach(async () => {
  health = new Health();
  server = new OperationsServer({ health, metrics: new Metrics({ service: 'sample' }) });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => server.close());

const ask = async (path: string) => {
  const answer = await fetch(url + path);
  return { status: answer.status, body: await answer.text() };
};

test('ready and live follow the health of the process, and not each other', async () => {
  expect(await ask('/readyz')).toEqual({ status: 200, body: '{"ready":true,"checks":{}}\n' });
  health.check('kafka', () => 'not reached yet');
  expect(await ask('/readyz?verbose')).toEqual({
    status: 503,
    body: '{"ready":false,"checks":{"kafka":"not reached yet"}}\n',
  });
  expect((await ask('/livez')).status).toBe(200);
  health.fatal('a task stopped');
  expect(await ask('/livez')).toEqual({ status: 503, body: '{"live":false,"reasons":["a task stopped"]}\n' });
});

test('metrics are there, and nothing else', async () => {
  expect((await ask('/metrics')).status).toBe(200);
  expect((await ask('/api/v2/status')).status).toBe(404);
});
