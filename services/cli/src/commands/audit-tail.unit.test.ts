import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { ApiClient } from '../client.ts';
import { tailed } from './audit-tail.ts';

const record = (seq: number) => ({ stream: 'audit-0', seq });

it('misses nothing that is written between the listing and the stream, and shows nothing twice', async () => {
  let log = [record(0), record(1)];
  let live: ServerResponse | undefined;
  const write = (seq: number): void => {
    log = [...log, record(seq)];
    live?.write(`id: audit/0=${seq + 1}\ndata: ${JSON.stringify(record(seq))}\n\n`);
  };
  const server = createServer((request, answer) => {
    if (request.url?.includes('/stream')) {
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.write('id: audit/0=2\nevent: ready\ndata: {}\n\n');
      live = answer;
      return;
    }
    // One that the list shows, and one that it just misses.
    write(2);
    answer.end(JSON.stringify({ data: [...log].reverse() }));
    write(3);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const end = new AbortController();
  const seqs: number[] = [];
  for await (const records of tailed(new ApiClient({ url, token: 't' }), { lines: 20, signal: end.signal })) {
    seqs.push(...records.map(({ seq }) => seq));
    if (seqs.includes(3)) break;
  }
  end.abort();
  expect(seqs).toEqual([0, 1, 2, 3]);
});
