import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { createServer } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { resolveServer } from '../../../../infra/native/index.ts';
import { job, JobInstance } from '../../test/job-instance.ts';

const server = await resolveServer('redis', 'Redis behind TLS');
const folder = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
const certificate = server && selfSigned();
const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Undefined, said aloud, where there is no openssl. */
function selfSigned(): { readonly cert: string; readonly key: string } | undefined {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1';
  try {
    execFileSync('openssl', [...request.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { cert, key };
  } catch (error) {
    if (process.env.TOCSIN_CLUSTER === 'required') throw error;
    console.warn('SKIPPED: Redis behind TLS needs openssl: apt-get install openssl');
    return undefined;
  }
}

/** The address of a TLS door in front of the server. */
async function door(url: string, files: { readonly cert: string; readonly key: string }): Promise<string> {
  const { hostname, port } = new URL(url);
  const options = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
  const front = createServer(options, (socket) => {
    const behind = connect(Number(port), hostname);
    for (const one of [socket, behind]) one.on('error', () => {});
    socket.on('close', () => behind.destroy());
    behind.on('close', () => socket.destroy());
    socket.pipe(behind).pipe(socket);
  });
  front.on('tlsClientError', () => {});
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  ends.push(() => void front.close());
  return `rediss://127.0.0.1:${(front.address() as AddressInfo).port}`;
}

const name = 'rediss:// is TLS: an authority that is trusted lets jobs through, another one is named in one line';
if (server && certificate)
  it(name, async () => {
    const address = await door(server.url, certificate);
    const prefix = `{${randomUUID()}}`;
    const distrusting = new JobInstance({ url: address, prefix });
    ends.push(() => distrusting.close());
    await distrusting.until(() => distrusting.said.length > 0);
    expect(distrusting.said[0]).toMatch(
      /its certificate is not trusted here: give the authority in NODE_EXTRA_CA_CERTS/,
    );

    const plain = new JobInstance({ url: server.url, prefix });
    ends.push(() => plain.close());
    await plain.ready();
    await plain.queue.add([job('a')]);
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const main = join(import.meta.dirname, '..', '..', 'test', 'hanging-worker.ts');
    const flags = ['--import', loader, '--conditions', '@tocsin/source', main, address, prefix, '30000'];
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate.cert };
    const trusting = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'], env });
    ends.push(async () => {
      const exited = once(trusting, 'exit');
      trusting.kill('SIGKILL');
      await exited;
    });
    for await (const line of createInterface({ input: trusting.stdout })) if (line === 'a') break;
  });
else it.skip(`${name} (no Redis or openssl here)`);
