import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { answerErrors, answering } from './answering-errors.ts';
import { IntakeLoad } from './intake-load.ts';
import { maxIntakeBytes, readBodies } from './request-body.ts';

const mebibyte = 1024 * 1024;

/** A route that takes bodies as the intake does and tells what is counted meanwhile, and one that is not counted. */
async function rig(maxPendingBytes: number) {
  const load = new IntakeLoad({ maxPendingBytes });
  const app = Fastify({ bodyLimit: 256 * 1024 });
  readBodies(app, (request, bytes) => load.grow(request, bytes));
  answerErrors(
    app,
    answering(() => {}),
  );
  app.post('/taken', { bodyLimit: maxIntakeBytes, onRequest: load.admit, preParsing: load.count }, async (request) =>
    load.during(request, (request.body as Buffer).length, async () => ({ counted: load.bytes })),
  );
  app.post('/other', async (request) => ({ length: (request.body as Buffer).length }));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const post = async (path: string, body: Buffer | Readable, encoding?: string) => {
    const headers = encoding === undefined ? {} : { 'content-encoding': encoding };
    const sent = body as unknown as RequestInit['body'];
    const init = { method: 'POST', body: sent ?? null, headers, duplex: 'half' };
    const answer = await fetch(`${url}${path}`, init as RequestInit);
    return { status: answer.status, body: (await answer.json()) as unknown };
  };
  return { load, post };
}

const chunked = (bytes: number): Readable =>
  Readable.from(Array.from({ length: bytes / 65_536 }, () => Buffer.alloc(65_536)));

test('a compressed body counts as long as it is decoded', async () => {
  const { post } = await rig(8 * mebibyte);
  const body = gzipSync(Buffer.alloc(4 * mebibyte));
  expect(body.length).toBeLessThan(64 * 1024);
  expect(await post('/taken', body, 'gzip')).toEqual({ status: 200, body: { counted: 4 * mebibyte } });
});

test('a compressed body that becomes longer than there is room for is a 503, and leaves the room to others', async () => {
  const { load, post } = await rig(2 * mebibyte);
  expect(await post('/taken', gzipSync(Buffer.alloc(4 * mebibyte)), 'gzip')).toMatchObject({ status: 503 });
  expect(await post('/taken', Buffer.alloc(mebibyte))).toMatchObject({ status: 200 });
  expect(load.bytes).toBeLessThanOrEqual(mebibyte);
});

test('a body without a length counts as long as it is by then', async () => {
  const { post } = await rig(8 * mebibyte);
  expect(await post('/taken', chunked(4 * mebibyte))).toEqual({ status: 200, body: { counted: 4 * mebibyte } });
});

test('a body without a length is refused as soon as it is longer than there is room for', async () => {
  const { post } = await rig(2 * mebibyte);
  expect(await post('/taken', chunked(3 * mebibyte))).toMatchObject({ status: 503 });
});

test('every other route takes 256 KiB, decoded too', async () => {
  const { post } = await rig(8 * mebibyte);
  const limit = 256 * 1024;
  expect(await post('/other', gzipSync(Buffer.alloc(limit)), 'gzip')).toEqual({ status: 200, body: { length: limit } });
  expect(await post('/other', gzipSync(Buffer.alloc(limit + 1)), 'gzip')).toMatchObject({ status: 413 });
});
