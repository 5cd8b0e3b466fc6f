/**
 * The floor of the latency benchmark: the least that a durable relay does in one Node process. HTTP in, one SQLite commit
 * (`synchronous=FULL`) for what arrived together, then a POST. No parsing, grouping, triage, audit or retry.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import Database from 'libsql';
import { Agent, request } from 'undici';

const [, , path = '', hook = ''] = process.argv;
const db = new Database(path);
db.exec(
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE record (id INTEGER PRIMARY KEY, value TEXT)',
);
const insert = db.prepare('INSERT INTO record (value) VALUES (?)');
const agent = new Agent({ connections: 16 });
let pending: { readonly body: string; readonly done: () => void }[] = [];

function commit(): void {
  const batch = pending;
  pending = [];
  db.exec('BEGIN IMMEDIATE');
  for (const { body } of batch) insert.run(body);
  db.exec('COMMIT');
  for (const { body, done } of batch) {
    done();
    void deliver(body);
  }
}

async function deliver(body: string): Promise<void> {
  const { body: answer } = await request(hook, { method: 'POST', body, dispatcher: agent });
  await answer.dump();
}

const server = createServer((incoming, answer) => {
  let body = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (chunk: string) => {
    body += chunk;
  });
  incoming.on('end', () => {
    pending.push({ body, done: () => answer.writeHead(202).end() });
    if (pending.length === 1) setImmediate(commit);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
