import { Agent, request as call } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingReceiver } from './recording-receiver.ts';
import { startReceiverProcess } from './recording-receiver-process.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const post = (url: string, id: string, body = '{}'): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = call(url, { method: 'POST', agent, headers: { 'webhook-id': id } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject).end(body);
  });

describe('RecordingReceiver', () => {
  let receiver: RecordingReceiver;
  beforeEach(async () => {
    receiver = await RecordingReceiver.start({ mark: /"n":(\d+)/ });
  });
  afterEach(() => receiver.close());

  it('records id, path, headers, body, mark and time, and counts repeats', async () => {
    const before = Date.now();
    await post(`${receiver.url}/hook?x=1`, 'a', '{"n":7}');
    await post(receiver.url, 'a');
    await post(receiver.url, 'b');
    const [first] = receiver.requests;
    expect(first).toMatchObject({ id: 'a', path: '/hook?x=1', body: '{"n":7}', mark: '7', status: 200 });
    expect(first?.headers).toMatchObject({ 'webhook-id': 'a' });
    expect(first?.at).toBeGreaterThan(before - 50);
    expect([receiver.seen('a'), receiver.seen('b'), receiver.seen('c'), receiver.repeats]).toEqual([2, 1, 0, 1]);
    expect([...receiver.acceptedIds]).toEqual(['a', 'b']);
  });

  it('answers in the programmed order, then as always', async () => {
    receiver.next({ status: 503 }, { status: 429, headers: { 'retry-after': '1' } }, { status: 204 });
    receiver.always({ status: 500, delayMs: 5 });
    const answers = [];
    for (const id of ['a', 'b', 'c', 'd']) answers.push(await post(receiver.url, id));
    expect(answers).toEqual([503, 429, 204, 500]);
    expect([...receiver.acceptedIds]).toEqual(['c']);
  });

  it('resets, hangs, and cuts what hangs when it goes down', async () => {
    receiver.next({ reset: true }, { hang: true });
    await expect(post(receiver.url, 'a')).rejects.toThrow();
    const hanging = expect(post(receiver.url, 'b')).rejects.toThrow();
    await receiver.waitFor(2);
    await receiver.down();
    await hanging;
    await expect(post(receiver.url, 'c')).rejects.toThrow('ECONNREFUSED');
    expect(receiver.acceptedIds.size).toBe(0);
  });

  it('comes back on the same port', async () => {
    const { port } = receiver;
    await receiver.down();
    await receiver.up();
    expect(receiver.port).toBe(port);
    expect(await post(receiver.url, 'a')).toBe(200);
  });

  it('resolves its waiters on arrival', async () => {
    const reached: string[] = [];
    receiver.next({ status: 500 });
    const waits = [
      receiver.waitFor(2).then(() => reached.push('two')),
      receiver.waitForAccepted(2).then(() => reached.push('accepted')),
      receiver.until((it) => it.seen('c') === 1).then(() => reached.push('c')),
    ];
    for (const id of ['a', 'b', 'c']) await post(receiver.url, id);
    await Promise.all(waits);
    expect(reached).toEqual(['two', 'accepted', 'c']);
  });
});

describe('startReceiverProcess', () => {
  it('is the same receiver elsewhere', async () => {
    const receiver = await startReceiverProcess({ mark: '"n":(\\d+)' });
    const arrived = receiver.waitForAccepted(2);
    await post(receiver.url, 'a', '{"n":1}');
    await receiver.always({ status: 503 });
    expect(await post(receiver.url, 'b')).toBe(503);
    await receiver.always({});
    await post(receiver.url, 'b', '{"n":2}');
    await arrived;
    expect(await receiver.counts()).toMatchObject({ requests: 3, accepted: 2 });
    const report = await receiver.report();
    expect(report.map(([id, mark, , status]) => [id, mark, status])).toEqual([
      ['a', '1', 200],
      ['b', '', 503],
      ['b', '2', 200],
    ]);
    await receiver.down();
    await expect(post(receiver.url, 'c')).rejects.toThrow();
    await receiver.close();
  });
});
