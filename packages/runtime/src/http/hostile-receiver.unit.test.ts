import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { HttpResponse } from '@tocsin/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardedHttp } from './guarded-http.ts';
import { HttpError, type HttpErrorCode } from './http-error.ts';

const timeoutMs = 400;
const slackMs = 1_500;

type Behaviour = (socket: Socket) => void;
const ok = 'HTTP/1.1 200 OK\r\n';
const every = (socket: Socket, first: string, ms: number, write: () => string): void => {
  socket.write(first);
  const timer = setInterval(() => socket.write(write()), ms);
  socket.on('close', () => clearInterval(timer));
};
const drip = (socket: Socket, text: string): void => {
  let at = 0;
  every(socket, '', 20, () => text.charAt(at++));
};
const flood = (socket: Socket, first: string, chunk: string): void => {
  socket.write(first);
  const pump = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', pump);
  pump();
};

const failing: Readonly<Record<string, readonly [HttpErrorCode, Behaviour]>> = {
  'never answers': ['timeout', () => {}],
  'drips its head': ['timeout', (socket) => drip(socket, `HTTP/1.1 200 ${'O'.repeat(9_999)}`)],
  'drips its headers': ['timeout', (socket) => every(socket, ok, 20, () => 'x: y\r\n')],
  'drips its body': ['timeout', (s) => every(s, `${ok}content-length: 999999\r\n\r\n`, 20, () => 'x')],
  'never ends its body': ['timeout', (socket) => socket.write(`${ok}content-length: 10\r\n\r\nabc`)],
  'floods headers': ['bad_response', (socket) => flood(socket, ok, `x-flood: ${'y'.repeat(900)}\r\n`)],
  'sends one endless header': ['bad_response', (s) => flood(s, `${ok}x: `, 'y'.repeat(65_536))],
  'resets at once': ['connection_lost', (socket) => socket.resetAndDestroy()],
  'resets in its body': [
    'connection_lost',
    (s) => s.write(`${ok}content-length: 10\r\n\r\nabc`, () => s.resetAndDestroy()),
  ],
  'closes without a word': ['connection_lost', (socket) => socket.end()],
  'closes in its body': ['connection_lost', (socket) => socket.end(`${ok}content-length: 10\r\n\r\nabc`)],
  'speaks HTTP/0.9': ['bad_response', (socket) => socket.end('<html>hello</html>')],
  'speaks something else': ['bad_response', (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n')],
  'lies about lengths': [
    'bad_response',
    (s) => s.end(`${ok}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc`),
  ],
};
const answering: Readonly<Record<string, readonly [(answer: HttpResponse) => boolean, Behaviour]>> = {
  'sends an endless body': [({ body }) => body.length === 16_384, (s) => flood(s, `${ok}\r\n`, 'z'.repeat(65_536))],
  'sends an endless chunked body': [
    ({ body }) => body.length === 16_384,
    (s) => flood(s, `${ok}transfer-encoding: chunked\r\n\r\n`, `1000\r\n${'z'.repeat(4096)}\r\n`),
  ],
  'announces a gigabyte': [
    ({ body }) => body.length === 16_384,
    (s) => flood(s, `${ok}content-length: 1073741824\r\n\r\n`, 'z'.repeat(65_536)),
  ],
  'sends a compressed body': [
    ({ body }) => body.length < 64,
    (s) => s.end(`${ok}content-encoding: gzip\r\ncontent-length: 3\r\n\r\n\x1f\x8b\b`),
  ],
  'redirects to itself': [
    ({ status, headers }) => status === 302 && headers.location === 'http://127.0.0.1/',
    (s) => s.end('HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n'),
  ],
  'sends hints first': [
    ({ status }) => status === 204,
    (s) => s.end('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'),
  ],
  'repeats a header': [
    ({ headers }) => headers['retry-after'] === '1, 2',
    (s) => s.end(`${ok}Retry-After: 1\r\nRETRY-AFTER: 2\r\n__proto__: x\r\ncontent-length: 0\r\n\r\n`),
  ],
};

describe('a hostile receiver that', () => {
  let server: Server;
  let behave: Behaviour = () => {};
  let http: GuardedHttp;
  const sockets = new Set<Socket>();
  const send = (signal?: AbortSignal) => {
    const { port } = server.address() as AddressInfo;
    return http.send({ method: 'POST', url: `http://127.0.0.1:${port}/s3cret`, headers: {}, body: '{}' }, signal);
  };

  beforeEach(async () => {
    http = new GuardedHttp({ allow: ['127.0.0.1'], timeoutMs });
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      socket.once('data', () => behave(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await http.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it.each(Object.entries(failing))('%s ends in time', async (_, [code, behaviour]) => {
    behave = behaviour;
    const started = performance.now();
    const error = await send().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ code, retryable: true });
    expect(`${error}`).not.toContain('s3cret');
    expect(performance.now() - started).toBeLessThan(timeoutMs + slackMs);
  });

  it.each(Object.entries(answering))('%s is answered within bounds', async (_, [holds, behaviour]) => {
    behave = behaviour;
    const answer = await send();
    expect(holds(answer) ? 'as expected' : answer).toBe('as expected');
    expect(Object.getPrototypeOf(answer.headers)).toBe(Object.prototype);
  });

  it('sends without end loses its socket', async () => {
    const left = new Promise<boolean>((resolve) => {
      behave = (socket) => {
        flood(socket, `${ok}\r\n`, 'z'.repeat(65_536));
        socket.once('close', () => resolve(true));
      };
    });
    await send();
    expect(await left).toBe(true);
  });

  it('speaks no TLS is no trusted peer for https', async () => {
    const { port } = server.address() as AddressInfo;
    behave = (socket) => socket.end(`${ok}content-length: 0\r\n\r\n`);
    const answer = http.send({ method: 'POST', url: `https://127.0.0.1:${port}/s3cret`, headers: {}, body: '{}' });
    await expect(answer).rejects.toMatchObject({ code: 'tls_failed', retryable: true });
  });

  it('hangs is left when the caller gives up', async () => {
    const giveUp = new AbortController();
    behave = () => giveUp.abort();
    await expect(send(giveUp.signal)).rejects.toMatchObject({ code: 'aborted' });
    await expect(send(giveUp.signal)).rejects.toMatchObject({ code: 'aborted' });
  });

  it('hangs is left when the client closes', async () => {
    behave = () => void http.close();
    await expect(send()).rejects.toMatchObject({ code: 'closed' });
    await expect(send()).rejects.toMatchObject({ code: 'closed' });
  });

  it('hangs does not hold up a request beyond its own time limit, even while that waits for a connection', async () => {
    await http.close();
    http = new GuardedHttp({ allow: ['127.0.0.1'], timeoutMs, connections: 1 });
    behave = () => {};
    const started = performance.now();
    const outcomes = await Promise.allSettled([send(), send(), send()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(performance.now() - started).toBeLessThan(timeoutMs + slackMs);
  });
});
