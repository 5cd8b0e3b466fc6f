import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { HttpRequest } from '@tocsin/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPeer, type LookupAll } from './guarded-connector.ts';
import { GuardedHttp } from './guarded-http.ts';
import { HttpError, type HttpErrorCode } from './http-error.ts';

const post = (url: string): HttpRequest => ({
  method: 'POST',
  url,
  headers: { authorization: 'Bearer s3cret' },
  body: '{}',
});
const errorOf = async (answer: Promise<unknown>): Promise<HttpError> => {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HttpError)) throw new Error('expected an HttpError');
  return error;
};
const lookupOf =
  (...answers: readonly (readonly string[])[]): LookupAll =>
  (_, __, callback) => {
    const found = (answers.length > 1 ? (answers as string[][]).shift() : answers[0]) ?? [];
    const addresses = found.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
    queueMicrotask(() => callback(null, addresses));
  };

/** Loopback, in every way we know to write it, and other places where a sink has no business. `P` is the canary's port. */
const shapes = [
  ...['127.0.0.1:P', '127.1:P', '127.0.1:P', '127.255.255.254:P', '0:P', '0.0.0.0:P', '0x0:P', '2130706433:P'],
  ...['017700000001:P', '0x7f000001:P', '0x7F.0x0.0x0.0x1:P', '0177.0.0.1:P', '0177.0.0.01:P', '00177.0x0.0.1:P'],
  ...['127.0.0.1.:P', '0x7f.1:P', '127.0x1:P', '127.00000000000001:P', '%31%32%37.0.0.1:P', '127%2E0%2E0%2E1:P'],
  ...[
    '１２７.0.0.1:P',
    '①②⑦.⓪.⓪.①:P',
    '127。0。0。1:P',
    '127．0．0．1:P',
    '127｡0｡0｡1:P',
    '127.0.\t0.1:P',
    '127.0.0.1\n:P',
  ],
  ...['[::1]:P', '[::]:P', '[0:0:0:0:0:0:0:1]:P', '[0000:0000:0000:0000:0000:0000:0000:0001]:P', '[::127.0.0.1]:P'],
  ...['[::ffff:127.0.0.1]:P', '[::ffff:7f00:1]:P', '[::FFFF:7F00:0001]:P', '[0:0:0:0:0:ffff:7f00:1]:P', '[::7f00:1]:P'],
  ...['[::ffff:0:127.0.0.1]:P', '[64:ff9b::127.0.0.1]:P', '[64:ff9b:1::127.0.0.1]:P', '[2002:7f00:1::]:P'],
  ...['[2001:0:7f00:1::]:P', '[fe80::1]:P', '[fc00::1]:P', '[fd00:ec2::254]:P', '[ff02::1]:P', '[::1%25lo]:P'],
  ...[
    'localhost:P',
    'LOCALHOST:P',
    'localhost.:P',
    'ｌocalhost:P',
    'local%68ost:P',
    'a.localhost:P',
    'ip6-localhost:P',
  ],
  ...['example.com@127.0.0.1:P', 'user:pass@127.0.0.1:P', '127.0.0.1:P@example.com@localhost:P', '@127.0.0.1:P'],
  ...['127.0.0.1:P#@example.com', '127.0.0.1:P?@example.com', '127.0.0.1:P\\@example.com', '127.0.0.1:P/@example.com'],
  ...['/127.0.0.1:P', '///127.0.0.1:P', '\\\\127.0.0.1:P', '127.0.0.1:000P', '127.0.0.1:P/redirect?to=http://1.1.1.1'],
  ...[
    '10.0.0.1:P',
    '169.254.169.254/latest/meta-data',
    '192.168.0.1:P',
    '172.16.0.1:P',
    '100.64.0.1:P',
    '198.18.0.1:P',
  ],
];
const otherSchemes = [
  'file:///etc/passwd',
  'ftp://127.0.0.1:P/',
  'gopher://127.0.0.1:P/_x',
  'ws://127.0.0.1:P/',
].concat([
  'data:text/plain,x',
  'javascript:alert(1)',
  'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
  'unix:/var/run/docker.sock',
  'blob:http://127.0.0.1:P/x',
  'dict://127.0.0.1:P/',
  '//127.0.0.1:P/',
  '127.0.0.1:P',
  'http://',
  '',
]);

describe('the guard', () => {
  let canary: Server;
  let port = 0;
  let connections = 0;
  const at = (url: string) => url.replaceAll('P', `${port}`);

  beforeAll(async () => {
    canary = createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    canary.listen(0, '::');
    await once(canary, 'listening');
    port = (canary.address() as AddressInfo).port;
  });
  afterAll(() => canary.close());

  it('has a canary that counts, and an allow-list that opens the door', async () => {
    const http = new GuardedHttp({ allow: ['127.0.0.0/8', '::1/128'] });
    expect((await http.send(post(at('http://127.0.0.1:P/')))).status).toBe(200);
    expect((await http.send(post(at('http://localhost:P/')))).status).toBe(200);
    expect(connections).toBe(2);
    connections = 0;
    await http.close();
  });

  it('lets none of the shapes reach loopback, nor any private network', async () => {
    expect(shapes.length).toBeGreaterThanOrEqual(60);
    const http = new GuardedHttp({ allowHttp: true, timeoutMs: 3_000 });
    for (const shape of shapes) {
      for (const scheme of ['http://', 'https://', 'HTTP:', 'http:/']) {
        const { code } = await errorOf(http.send(post(scheme + at(shape))));
        expect(`${scheme}${shape} ${code}`).toMatch(/ (bad_url|address_refused|name_not_resolved)$/);
      }
    }
    await http.close();
    expect(connections).toBe(0);
  });

  it.each(otherSchemes)('refuses %j', async (url) => {
    const http = new GuardedHttp({ allowHttp: true, allow: ['127.0.0.0/8', '::1'] });
    expect((await errorOf(http.send(post(at(url))))).code).toMatch(/^(bad_url|scheme_refused)$/);
    await http.close();
    expect(connections).toBe(0);
  });

  it('refuses plain http unless the address is allow-listed or http is allowed', async () => {
    const closed = new GuardedHttp();
    expect((await errorOf(closed.send(post('http://1.1.1.1/')))).code).toBe('scheme_refused');
    const other = new GuardedHttp({ allow: ['10.0.0.0/8'] });
    expect((await errorOf(other.send(post('http://1.1.1.1/')))).code).toBe('address_refused');
    await Promise.all([closed.close(), other.close()]);
  });

  it.each<[string, readonly string[]]>([
    ['a private address', ['10.0.0.7']],
    ['loopback', ['127.0.0.1', '::1']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['no address', []],
  ])('refuses a name that resolves to %s', async (_, addresses) => {
    const http = new GuardedHttp({ allowHttp: true, lookup: lookupOf(addresses) });
    const error = await errorOf(http.send(post(at('http://innocent.example:P/'))));
    expect(error).toMatchObject({ code: 'address_refused', retryable: false });
    await http.close();
    expect(connections).toBe(0);
  });

  it('of mixed addresses calls only the permitted ones', async () => {
    const http = new GuardedHttp({ allow: ['127.0.0.2'], lookup: lookupOf(['127.0.0.1', '127.0.0.2', '::1']) });
    const peers: (string | undefined)[] = [];
    canary.once('connection', (socket) => peers.push(socket.localAddress));
    await http.send(post(at('http://mixed.example:P/')));
    expect(peers).toEqual(['::ffff:127.0.0.2']);
    connections = 0;
    await http.close();
  });

  it('judges again when the name answers differently the second time', async () => {
    const http = new GuardedHttp({ allow: ['127.0.0.2'], lookup: lookupOf(['127.0.0.2'], ['127.0.0.1']) });
    await http.send(post(at('http://rebind.example:P/')));
    connections = 0;
    expect((await errorOf(http.send(post(at('http://rebind.example:P/'))))).code).toBe('address_refused');
    await http.close();
    expect(connections).toBe(0);
  });

  it('hangs up on a peer that is not permitted, whatever was looked up', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    expect(checkPeer(socket, 'innocent.example', () => false)?.code).toBe('address_refused');
    expect(socket.destroyed).toBe(true);
    connections = 0;
  });

  it('names no secret in its errors', async () => {
    const http = new GuardedHttp({ allow: ['127.0.0.1'], allowHttp: true });
    const urls = [
      'http://u:pw@a.example/p4th?q=1',
      'http://10.0.0.1/p4th?q=1',
      'http://no.invalid/p4th?q=1',
      'p4th?q=1',
    ];
    for (const url of urls) {
      const error = await errorOf(http.send(post(url)));
      expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/p4th|q=1|:pw|s3cret/);
    }
    await http.close();
  });

  it('refuses header injection as a bad request', async () => {
    const http = new GuardedHttp({ allow: ['127.0.0.1'] });
    const request = { ...post(at('http://127.0.0.1:P/')), headers: { 'x-a': 'b\r\nx-c: d' } };
    expect((await errorOf(http.send(request))).code).toBe('bad_request' satisfies HttpErrorCode);
    await http.close();
    expect(connections).toBe(0);
  });
});
